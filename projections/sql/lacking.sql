-- How far a projection is behind the ledger: events that it has not passed, and when the oldest of them was recorded.
SELECT coalesce(sum(place.head - place.position), 0)::bigint, min(first.recorded_at)
FROM (
    SELECT turn.partition, coalesce(checkpoint.position, 0) AS position, coalesce(head.position, 0) AS head
    FROM ledger.partition_turn AS turn
    LEFT JOIN projection.checkpoint AS checkpoint
      ON checkpoint.partition = turn.partition AND checkpoint.projection = %(projection)s
    LEFT JOIN LATERAL (
        SELECT event.position
        FROM ledger.fare_event AS event
        WHERE event.partition = turn.partition
        ORDER BY event.position DESC
        LIMIT 1
    ) AS head ON true
) AS place
LEFT JOIN ledger.fare_event AS first
  ON first.partition = place.partition AND first.position = place.position + 1
WHERE place.head > place.position
