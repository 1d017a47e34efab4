-- Which ledger this is, and where every log ends: all that a reader of the feed needs to know before it reads, in one
-- snapshot. As heads.sql, one index look-up a log.
SELECT ledger.ledger_id, ledger.epoch, turn.partition, coalesce(head.position, 0)
FROM ledger.partition_turn AS turn
CROSS JOIN ledger.ledger AS ledger
LEFT JOIN LATERAL (
    SELECT event.position
    FROM ledger.fare_event AS event
    WHERE event.partition = turn.partition
    ORDER BY event.position DESC
    LIMIT 1
) AS head ON true
