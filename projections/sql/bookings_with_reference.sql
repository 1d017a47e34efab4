-- A page of the bookings that name a value, in byte order of their ids; under any key (NULL) or under one. Goes from
-- booking to booking along the index, as of all that name it only the next ones are wanted, whatever the planner thinks
-- of their number.
WITH RECURSIVE named AS (
    (
        SELECT found.partition, found.booking_id, 1 AS place
        FROM projection.booking_search AS found
        WHERE found.value = %(value)s
          AND found.booking_id ~>~ %(after)s
          AND (%(key)s::text IS NULL OR found.key = %(key)s)
        ORDER BY found.booking_id USING ~<~
        LIMIT 1
    )
    UNION ALL
    SELECT later.partition, later.booking_id, named.place + 1
    FROM named
    CROSS JOIN LATERAL (
        SELECT found.partition, found.booking_id
        FROM projection.booking_search AS found
        WHERE found.value = %(value)s
          AND found.booking_id ~>~ named.booking_id
          AND (%(key)s::text IS NULL OR found.key = %(key)s)
        ORDER BY found.booking_id USING ~<~
        LIMIT 1
    ) AS later
    WHERE named.place < %(limit)s
)
SELECT named.partition, named.booking_id FROM named ORDER BY named.place
