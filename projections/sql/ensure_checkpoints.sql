-- A checkpoint at the start of every partition's log, for a projection that has none yet.
INSERT INTO :"schema".checkpoint (projection, partition, ledger_id, epoch, version)
SELECT %(projection)s, turn.partition, ledger.ledger_id, ledger.epoch, %(version)s
FROM ledger.partition_turn AS turn, ledger.ledger AS ledger
ON CONFLICT DO NOTHING
