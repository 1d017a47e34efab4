-- The bookings whose last event of all is in this page, and which have no receipt of it yet: the first so many, in
-- log order. Not those whose last event was imported so long after it happened: nobody waits for a receipt of history.
-- OFFSET 0 keeps both questions index look-ups of their own, asked only of an event that the cheap one leaves: joined,
-- a page of thousands of events would have the whole ledger read. The order makes it the index with the version.
SELECT event.booking_id, event.version, event.position
FROM :page AS event
WHERE (event.origin <> 'import'
       OR coalesce(event.occurred_at, event.recorded_at) >= event.recorded_at - %(import_within)s)
  AND NOT EXISTS (
        SELECT FROM ledger.fare_event AS later
        WHERE later.partition = %(partition)s AND later.booking_id = event.booking_id
          AND later.version > event.version
        ORDER BY later.version LIMIT 1 OFFSET 0
    )
  AND NOT EXISTS (
        SELECT FROM public.projections_receipt AS receipt
        WHERE receipt.partition = %(partition)s AND receipt.booking_id = event.booking_id
          AND receipt.version >= event.version
        OFFSET 0
    )
ORDER BY event.position
LIMIT %(most)s
