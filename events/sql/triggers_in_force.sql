-- The triggers that keep the ledger and the audit append-only and are in force, by table and name: ENABLE ALWAYS
-- ('A'), for every row whatever its values, and by the functions that refuse. And the one that gives entries of the audit
-- their time, which a replica need not have ('O').
SELECT trigger.tgrelid::regclass::text, trigger.tgname
FROM pg_catalog.pg_trigger AS trigger
JOIN pg_catalog.pg_class AS class ON class.oid = trigger.tgrelid
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
JOIN pg_catalog.pg_proc AS function ON function.oid = trigger.tgfoid
WHERE namespace.nspname = 'ledger'
  AND (trigger.tgenabled = 'A' OR trigger.tgenabled = 'O' AND trigger.tgname = 'time_is_now')
  AND trigger.tgqual IS NULL
  AND function.pronamespace = namespace.oid
  AND function.proname = CASE
      WHEN trigger.tgname = 'time_is_now' THEN 'stamp_audit_entry_v1'
      WHEN class.relname = 'audit_entry' THEN 'refuse_audit_change_v1'
      WHEN class.relname = 'correction' AND trigger.tgname = 'rows_stay' THEN 'guard_correction_v1'
      ELSE 'refuse_change_v1'
  END
  -- BEFORE (2); UPDATE (16) and DELETE (8) for each row (1), TRUNCATE (32) for the statement. A correction is
  -- looked at when it is made (4), too.
  AND trigger.tgtype = CASE
      WHEN trigger.tgname = 'time_is_now' THEN 2 + 4 + 1
      WHEN trigger.tgname <> 'rows_stay' THEN 2 + 32
      WHEN class.relname = 'correction' THEN 2 + 4 + 16 + 8 + 1
      ELSE 2 + 16 + 8 + 1
  END
  -- Of the one row of constants, only the epoch may change; of the others, no column.
  AND (trigger.tgattr::text = '' OR class.relname = 'ledger')
