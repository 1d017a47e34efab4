-- How many events each partition's log had at an instant: the last position recorded before it, halving the log, since
-- times never run backwards there. Two dozen look-ups by the key a partition, however long the logs are.
SELECT turn.partition, found.position
FROM ledger.partition_turn AS turn
CROSS JOIN LATERAL (
    WITH RECURSIVE halves AS (
        SELECT 0::bigint AS low, coalesce((
            SELECT event.position
            FROM ledger.fare_event AS event
            WHERE event.partition = turn.partition
            ORDER BY event.position DESC
            LIMIT 1
        ), 0) AS high
        UNION ALL
        SELECT CASE WHEN event.recorded_at < %(at)s THEN event.position ELSE halves.low END,
               CASE WHEN event.recorded_at < %(at)s THEN halves.high ELSE event.position - 1 END
        FROM halves
        JOIN ledger.fare_event AS event
          ON event.partition = turn.partition AND event.position = (halves.low + halves.high + 1) / 2
        WHERE halves.low < halves.high
    )
    SELECT halves.low AS position FROM halves WHERE halves.low >= halves.high
) AS found
ORDER BY turn.partition
