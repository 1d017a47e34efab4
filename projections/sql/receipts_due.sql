-- The bookings whose last event of all is in this page, and which have no receipt of it yet, in log order.
-- Not those whose last event was imported so long after it happened: nobody waits for a receipt of history.
WITH last AS (
    SELECT DISTINCT ON (event.booking_id) event.booking_id, event.version, event.position, event.origin,
           coalesce(event.occurred_at, event.recorded_at) AS occurred_at, event.recorded_at
    FROM :page AS event
    ORDER BY event.booking_id, event.version DESC
)
SELECT last.booking_id, last.version
FROM last
WHERE NOT EXISTS (
        SELECT FROM ledger.fare_event AS later
        WHERE later.partition = %(partition)s AND later.booking_id = last.booking_id
          AND later.version = last.version + 1
    )
  AND NOT EXISTS (
        SELECT FROM public.projections_receipt AS receipt
        WHERE receipt.partition = %(partition)s AND receipt.booking_id = last.booking_id
          AND receipt.version >= last.version
    )
  AND (last.origin <> 'import' OR last.occurred_at >= last.recorded_at - %(import_within)s)
ORDER BY last.position
