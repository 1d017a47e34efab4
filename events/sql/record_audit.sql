-- One entry of the audit. Its key and time are the table's to give.
INSERT INTO ledger.audit_entry (user_id, user_name, action, booking_id, details, request_id, address)
VALUES (
    %(user_id)s, %(user_name)s, %(action)s, %(booking_id)s, %(details)s::jsonb, %(request_id)s, %(address)s::inet
)
