-- The partitions in which the receipts' consumer may go on, since the next event is of before a time, each with where
-- the consumer is. The one that has waited longest comes first.
SELECT turn.partition, at.position
FROM ledger.partition_turn AS turn
JOIN projection.checkpoint AS at ON at.partition = turn.partition AND at.projection = %(projection)s
CROSS JOIN LATERAL (
    SELECT event.recorded_at
    FROM ledger.fare_event AS event
    WHERE event.partition = turn.partition AND event.position > at.position
    ORDER BY event.position
    LIMIT 1
) AS next
WHERE next.recorded_at <= %(before)s
ORDER BY next.recorded_at, turn.partition
