-- What the hashes of some events of a partition's log cover, each with the hash before it there. By their positions: only
-- one index has those, so that it serves whatever the planner thinks of the length of bookings.
SELECT event.version, event.schema, event.partition, event.position, event.booking_id, event.transaction_id,
       event.type, event.component, event.currency, event.exponent, event.amount, event.fare, event.allow_negative,
       event.source, event.origin, event.corrects_version, event.correction_id, event.recorded_at, event.occurred_at,
       event.content_digest, event.salt, event.actor, event.description, event.metadata::text AS metadata, event.hash,
       (
           SELECT previous.hash
           FROM ledger.fare_event AS previous
           WHERE previous.partition = %(partition)s AND previous.position = event.position - 1
       ) AS previous_hash
FROM ledger.fare_event AS event
WHERE event.partition = %(partition)s AND event.position = ANY (%(positions)s)
