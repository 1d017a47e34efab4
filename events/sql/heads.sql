-- Where every log ends; the constant rows of partition_turn make it one index look-up a log.
SELECT turn.partition, coalesce(head.position, 0)
FROM ledger.partition_turn AS turn
LEFT JOIN LATERAL (
    SELECT event.position
    FROM ledger.fare_event AS event
    WHERE event.partition = turn.partition
    ORDER BY event.position DESC
    LIMIT 1
) AS head ON true
ORDER BY turn.partition
