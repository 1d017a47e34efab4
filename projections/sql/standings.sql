-- Where a projection stands in every partition: position, whether it is of this very ledger and epoch, its version.
SELECT checkpoint.partition, checkpoint.position,
       (checkpoint.ledger_id, checkpoint.epoch) = (ledger.ledger_id, ledger.epoch), checkpoint.version
FROM :"schema".checkpoint AS checkpoint, ledger.ledger AS ledger
WHERE checkpoint.projection = %(projection)s AND checkpoint.partition = ANY (%(partitions)s)
ORDER BY checkpoint.partition
