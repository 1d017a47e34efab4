-- Whether the view's table has the index for parts of booking ids: not where the database lacks pg_trgm.
SELECT to_regclass('projection.event_search_part') IS NOT NULL
