-- What some transaction ids made, as far as it must be the same if they come again.
--
-- %(partitions)s, %(booking_ids)s and %(transaction_ids)s go together. An id that is new has no row.
SELECT
    event.booking_id,
    event.transaction_id,
    event.type,
    event.component,
    event.amount,
    event.exponent,
    event.allow_negative,
    event.source,
    event.occurred_at,
    event.corrects_version,
    event.correction_id,
    event.actor,
    event.description,
    event.metadata::text
FROM unnest(%(partitions)s::smallint[], %(booking_ids)s::text[], %(transaction_ids)s::uuid[])
    AS asked (partition, booking_id, transaction_id)
JOIN ledger.fare_event AS event USING (partition, booking_id, transaction_id)
