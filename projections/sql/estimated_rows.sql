-- How many rows a view's table has, as the planner last heard; 0 where it has not.
SELECT greatest(class.reltuples, 0)::bigint
FROM pg_catalog.pg_class AS class
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE namespace.nspname = 'projection' AND class.relname = %(table)s
