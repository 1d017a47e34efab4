-- What the hashes of some events of a partition's log cover, each with the hash before it there. A look-up of its own for
-- each position (OFFSET 0), by the one index that has those: asked for all at once, a planner without statistics takes
-- another index and reads the whole log.
SELECT event.version, event.schema, event.partition, event.position, event.booking_id, event.transaction_id,
       event.type, event.component, event.currency, event.exponent, event.amount, event.fare, event.allow_negative,
       event.source, event.origin, event.corrects_version, event.correction_id, event.recorded_at, event.occurred_at,
       event.content_digest, event.salt, event.actor, event.description, event.metadata::text AS metadata, event.hash,
       (
           SELECT previous.hash
           FROM ledger.fare_event AS previous
           WHERE previous.partition = %(partition)s AND previous.position = event.position - 1
       ) AS previous_hash
FROM unnest(%(positions)s::bigint[]) AS place (position)
CROSS JOIN LATERAL (
    SELECT *
    FROM ledger.fare_event AS of_log
    WHERE of_log.partition = %(partition)s AND of_log.position = place.position
    OFFSET 0
) AS event
