-- The heads of some bookings, as far as the next event is judged by them.
--
-- %(partitions)s and %(booking_ids)s pair up, each booking once. One that the ledger does not know has no row.
SELECT DISTINCT ON (event.partition, event.booking_id)
    event.booking_id,
    event.version,
    event.currency,
    event.exponent,
    event.components,
    event.component_amounts
FROM unnest(%(partitions)s::smallint[], %(booking_ids)s::text[]) AS asked (partition, booking_id)
JOIN ledger.fare_event AS event USING (partition, booking_id)
ORDER BY event.partition, event.booking_id, event.version DESC
