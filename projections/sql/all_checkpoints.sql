-- Every projection's live checkpoints: where, whether of this very ledger and epoch, and the version of the tables.
SELECT checkpoint.projection, checkpoint.partition, checkpoint.position,
       (checkpoint.ledger_id, checkpoint.epoch) = (ledger.ledger_id, ledger.epoch), checkpoint.version
FROM projection.checkpoint AS checkpoint, ledger.ledger AS ledger
