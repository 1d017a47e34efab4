-- Fares of one partition as the view has them, each with the era of its row: one snapshot. A booking that is set
-- aside counts as absent: its row is behind for as long as that lasts.
SELECT view.booking_id, view.version, view.fare_minor, view.currency, view.exponent, view.components,
       view.component_amounts, view.first_recorded_at, view.last_recorded_at, view.last_occurred_at,
       ledger.ledger_id::text, ledger.epoch,
       coalesce((
           SELECT state.generation FROM projections_projectionstate AS state WHERE state.name = 'current_fare'
       ), 1)
FROM projection.current_fare AS view
CROSS JOIN ledger.ledger AS ledger
WHERE view.partition = %(partition)s AND view.booking_id = ANY (%(bookings)s)
  AND NOT EXISTS (
      SELECT FROM projection.set_aside AS aside
      WHERE aside.partition = %(partition)s AND aside.projection = 'current_fare'
        AND aside.booking_id = view.booking_id
  )
