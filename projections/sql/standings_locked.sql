-- The same, and takes the checkpoints until the transaction ends, in the order of their partitions.
SELECT checkpoint.partition, checkpoint.position,
       (checkpoint.ledger_id, checkpoint.epoch) = (ledger.ledger_id, ledger.epoch), checkpoint.version
FROM :"schema".checkpoint AS checkpoint, ledger.ledger AS ledger
WHERE checkpoint.projection = %(projection)s AND checkpoint.partition = ANY (%(partitions)s)
ORDER BY checkpoint.partition
FOR UPDATE OF checkpoint
