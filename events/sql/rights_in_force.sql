-- Whether the role that asks may write events by itself, whether the append function is as it was made, and whether
-- the role may change or remove entries of the audit, or cannot add them. All asked of the catalogs, so that the answer comes also where
-- the ledger is missing.
SELECT
    coalesce(bool_or(has_table_privilege(class.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')), false),
    coalesce(bool_or(
        function.prosecdef
        AND 'search_path=pg_catalog, pg_temp' = ANY (function.proconfig)
        AND NOT has_function_privilege('public', function.oid, 'EXECUTE')
    ), false),
    coalesce(bool_or(has_table_privilege(audit.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')), false),
    coalesce(bool_or(has_table_privilege(audit.oid, 'INSERT')), false)
FROM pg_catalog.pg_namespace AS namespace
LEFT JOIN pg_catalog.pg_class AS class ON class.relnamespace = namespace.oid AND class.relname = 'fare_event'
LEFT JOIN pg_catalog.pg_class AS audit ON audit.relnamespace = namespace.oid AND audit.relname = 'audit_entry'
LEFT JOIN pg_catalog.pg_proc AS function
    ON function.pronamespace = namespace.oid AND function.proname = 'append_v1'
WHERE namespace.nspname = 'ledger'
