-- The process that has held a lock on one of these tables for longest, and the age of its transaction in seconds.
SELECT activity.pid, round(extract(epoch FROM now() - activity.xact_start))::bigint
FROM pg_catalog.pg_locks AS held
JOIN pg_catalog.pg_stat_activity AS activity ON activity.pid = held.pid
JOIN pg_catalog.pg_class AS class ON class.oid = held.relation
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE held.granted AND held.pid <> pg_backend_pid() AND activity.xact_start IS NOT NULL
  AND held.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  AND namespace.nspname = %(schema)s AND class.relname = ANY (%(tables)s)
ORDER BY activity.xact_start
LIMIT 1
