-- The same bookings, under any key, with their fares; one that the view of fares lacks as yet is left out.
SELECT fare.*
FROM (
    SELECT DISTINCT ON (found.booking_id) found.partition, found.booking_id
    FROM projection.booking_search AS found
    WHERE found.value = %(value)s AND found.booking_id ~>~ %(after)s
    ORDER BY found.booking_id USING ~<~
    LIMIT %(limit)s
) AS named
JOIN projection.current_fare AS fare
  ON fare.partition = named.partition AND fare.booking_id = named.booking_id
ORDER BY fare.booking_id USING ~<~
