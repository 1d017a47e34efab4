-- A page of the bookings that some projection has set aside, in byte order of their ids. The table is short.
SELECT DISTINCT aside.partition, aside.booking_id
FROM projection.set_aside AS aside
WHERE aside.booking_id ~>~ %(after)s
ORDER BY aside.booking_id USING ~<~
LIMIT %(limit)s
