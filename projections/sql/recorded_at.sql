-- When the events at these places were recorded; at most one look-up each.
SELECT event.partition, event.position, event.recorded_at
FROM unnest(%(partitions)s::smallint[], %(positions)s::bigint[]) AS place (partition, position)
JOIN ledger.fare_event AS event ON event.partition = place.partition AND event.position = place.position
