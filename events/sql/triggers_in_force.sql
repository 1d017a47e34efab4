-- The triggers that keep the ledger append-only and stand as ENABLE ALWAYS ('A'), by table and name.
SELECT trigger.tgrelid::regclass::text, trigger.tgname
FROM pg_catalog.pg_trigger AS trigger
JOIN pg_catalog.pg_class AS class ON class.oid = trigger.tgrelid
JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
WHERE namespace.nspname = 'ledger' AND trigger.tgenabled = 'A' AND NOT trigger.tgisinternal
