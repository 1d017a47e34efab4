-- The live checkpoints become those of the rebuild: the tables beside them change places in the same transaction.
UPDATE projection.checkpoint AS live SET
    position = rebuilt.position,
    ledger_id = rebuilt.ledger_id,
    epoch = rebuilt.epoch,
    version = rebuilt.version,
    moved_at = now()
FROM projection_next.checkpoint AS rebuilt
WHERE live.projection = %(projection)s AND rebuilt.projection = live.projection
  AND rebuilt.partition = live.partition
