-- The triggers that keep the ledger append-only and are in force, by table and name: ENABLE ALWAYS ('A'), for
-- every row whatever its values, and by the function that refuses.
SELECT trigger.tgrelid::regclass::text, trigger.tgname
FROM pg_catalog.pg_trigger AS trigger
JOIN pg_catalog.pg_class AS class ON class.oid = trigger.tgrelid
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
JOIN pg_catalog.pg_proc AS function ON function.oid = trigger.tgfoid
WHERE namespace.nspname = 'ledger'
  AND trigger.tgenabled = 'A'
  AND trigger.tgqual IS NULL
  AND function.pronamespace = namespace.oid AND function.proname = 'refuse_change_v1'
  -- BEFORE (2); UPDATE (16) and DELETE (8) for each row (1), TRUNCATE (32) for the statement.
  AND trigger.tgtype = CASE trigger.tgname WHEN 'rows_stay' THEN 2 + 16 + 8 + 1 ELSE 2 + 32 END
  -- Of the one row of constants, only the epoch may change; of the others, no column.
  AND (trigger.tgattr::text = '' OR class.relname = 'ledger')
