-- Of every partition's log, the last position that was recorded before a time; 0 if none was. Positions have no gaps
-- and recorded_at never runs backwards with them, so halving the span finds it: 27 look-ups in 100 million events.
-- (The limit has each look-up made by the key, whatever the planner thinks of how many there are.)
WITH RECURSIVE halved (partition, low, high) AS (
    SELECT turn.partition, 0::bigint, coalesce(head.position, 0) + 1
    FROM ledger.partition_turn AS turn
    LEFT JOIN LATERAL (
        SELECT event.position
        FROM ledger.fare_event AS event
        WHERE event.partition = turn.partition
        ORDER BY event.position DESC
        LIMIT 1
    ) AS head ON true
    UNION ALL
    SELECT halved.partition,
           CASE WHEN event.recorded_at < %(recorded_before)s THEN event.position ELSE halved.low END,
           CASE WHEN event.recorded_at < %(recorded_before)s THEN halved.high ELSE event.position END
    FROM halved
    CROSS JOIN LATERAL (
        SELECT each.position, each.recorded_at
        FROM ledger.fare_event AS each
        WHERE each.partition = halved.partition AND each.position = (halved.low + halved.high) / 2
        LIMIT 1
    ) AS event
    WHERE halved.high - halved.low > 1
)
SELECT partition, max(low) FROM halved GROUP BY partition ORDER BY partition
