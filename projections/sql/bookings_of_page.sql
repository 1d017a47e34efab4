-- The bookings of a page, each with the position of its first event there.
SELECT event.booking_id, min(event.position)
FROM :page AS event
GROUP BY event.booking_id
ORDER BY min(event.position)
