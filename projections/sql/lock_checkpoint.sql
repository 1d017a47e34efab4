-- Takes a projection's checkpoint in one partition, and tells whether it is of this very ledger, and its version.
SELECT checkpoint.position, (checkpoint.ledger_id, checkpoint.epoch) = (ledger.ledger_id, ledger.epoch),
       checkpoint.version
FROM :"schema".checkpoint AS checkpoint, ledger.ledger AS ledger
WHERE checkpoint.partition = %(partition)s AND checkpoint.projection = %(projection)s
FOR UPDATE OF checkpoint
