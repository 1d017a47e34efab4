-- Remembers that a partition was compared, and at which position: a checkpoint of the comparison. Once only.
INSERT INTO projection_next.checkpoint (projection, partition, position, ledger_id, epoch, version)
SELECT %(mark)s, %(partition)s, %(position)s, ledger.ledger_id, ledger.epoch, %(version)s
FROM ledger.ledger AS ledger
ON CONFLICT DO NOTHING
