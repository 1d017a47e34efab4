-- A page of the bookings that name a value, in byte order of their ids; under any key (NULL) or under one.
SELECT DISTINCT found.booking_id
FROM projection.booking_search AS found
WHERE found.value = %(value)s
  AND found.booking_id ~>~ %(after)s
  AND (%(key)s::text IS NULL OR found.key = %(key)s)
ORDER BY found.booking_id USING ~<~
LIMIT %(limit)s
