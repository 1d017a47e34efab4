-- Takes a projection's checkpoint in one partition, and tells whether it is of this very ledger.
SELECT checkpoint.position, (checkpoint.ledger_id, checkpoint.epoch) = (ledger.ledger_id, ledger.epoch)
FROM projection.checkpoint AS checkpoint, ledger.ledger AS ledger
WHERE checkpoint.partition = %s AND checkpoint.projection = %s
FOR UPDATE OF checkpoint
