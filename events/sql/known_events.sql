-- What the ledger has of some bookings: how far each is, and the transaction ids of its events.
--
-- %(partitions)s and %(booking_ids)s pair up. A booking that the ledger does not know has no row.
SELECT
    event.booking_id,
    max(event.version),
    array_agg(event.transaction_id)
FROM unnest(%(partitions)s::smallint[], %(booking_ids)s::text[]) AS asked (partition, booking_id)
JOIN ledger.fare_event AS event USING (partition, booking_id)
GROUP BY event.booking_id
