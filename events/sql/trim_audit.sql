-- Removes the oldest entries before a key, a batch at a time. Only the owner may, with the trigger switched off.
DELETE FROM ledger.audit_entry
WHERE id IN (SELECT id FROM ledger.audit_entry WHERE id < %(before)s ORDER BY id LIMIT %(batch)s)
