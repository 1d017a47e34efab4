-- A page of the bookings whose fare in the view is behind the ledger, in byte order of their ids: those of the first
-- `most` events of each partition that the view has not taken yet.
SELECT DISTINCT event.partition, event.booking_id
FROM ledger.partition_turn AS turn
LEFT JOIN projection.checkpoint AS checkpoint
  ON checkpoint.partition = turn.partition AND checkpoint.projection = 'current_fare'
CROSS JOIN LATERAL (
    SELECT missing.partition, missing.booking_id
    FROM ledger.fare_event AS missing
    WHERE missing.partition = turn.partition AND missing.position > coalesce(checkpoint.position, 0)
    ORDER BY missing.position
    LIMIT %(most)s
) AS event
WHERE event.booking_id ~>~ %(after)s
ORDER BY event.booking_id USING ~<~
LIMIT %(limit)s
