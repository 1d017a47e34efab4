-- The bookings of a page, each with its last version there.
SELECT event.booking_id, max(event.version)
FROM :page AS event
GROUP BY event.booking_id
