-- The partitions in which the receipts' consumer may go on: how far the next page goes that has only events of
-- before a time. The one that has waited longest comes first.
SELECT turn.partition, ready.upto
FROM ledger.partition_turn AS turn
JOIN projection.checkpoint AS at ON at.partition = turn.partition AND at.projection = %(projection)s
CROSS JOIN LATERAL (
    SELECT max(next.position) AS upto, min(next.recorded_at) AS waiting_since
    FROM (
        SELECT event.position, event.recorded_at
        FROM ledger.fare_event AS event
        WHERE event.partition = turn.partition AND event.position > at.position
        ORDER BY event.position
        LIMIT %(page_events)s
    ) AS next
    WHERE next.recorded_at <= %(before)s
) AS ready
WHERE ready.upto IS NOT NULL
ORDER BY ready.waiting_since, turn.partition
