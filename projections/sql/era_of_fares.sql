-- The era that rows of projection.current_fare are of now: ledger, its epoch, generation of the rows.
SELECT ledger.ledger_id::text, ledger.epoch,
       coalesce((
           SELECT state.generation FROM projections_projectionstate AS state WHERE state.name = 'current_fare'
       ), 1)
FROM ledger.ledger AS ledger
