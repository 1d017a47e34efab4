-- The fares changed last, newest first, among the bookings of the last `tail` events of each partition's log.
SELECT fare.*
FROM (
    SELECT event.partition, event.booking_id, max(event.recorded_at) AS recorded_at
    FROM ledger.partition_turn AS turn
    CROSS JOIN LATERAL (
        SELECT latest.partition, latest.booking_id, latest.recorded_at
        FROM ledger.fare_event AS latest
        WHERE latest.partition = turn.partition
        ORDER BY latest.position DESC
        LIMIT %(tail)s
    ) AS event
    GROUP BY event.partition, event.booking_id
    ORDER BY recorded_at DESC
    LIMIT %(limit)s
) AS changed
JOIN projection.current_fare AS fare
  ON fare.partition = changed.partition AND fare.booking_id = changed.booking_id
ORDER BY changed.recorded_at DESC
