-- Puts a checkpoint at a position of this very ledger and epoch, whatever it was of.
UPDATE :"schema".checkpoint AS checkpoint SET
    position = %(position)s,
    version = %(version)s,
    ledger_id = ledger.ledger_id,
    epoch = ledger.epoch,
    moved_at = now()
FROM ledger.ledger AS ledger
WHERE checkpoint.partition = %(partition)s AND checkpoint.projection = %(projection)s
