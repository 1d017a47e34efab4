-- A checkpoint at the start of every partition's log, for a projection that has none yet.
INSERT INTO projection.checkpoint (projection, partition, ledger_id, epoch)
SELECT %s, turn.partition, ledger.ledger_id, ledger.epoch
FROM ledger.partition_turn AS turn, ledger.ledger AS ledger
ON CONFLICT DO NOTHING
