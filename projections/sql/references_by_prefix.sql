-- Values that bookings name and that begin with a prefix, each once, in byte order: `low` is the prefix, `high` lies
-- above all that begin with it. Goes from value to value, however many bookings name one.
WITH RECURSIVE reference AS (
    (
        SELECT found.value
        FROM projection.booking_search AS found
        WHERE found.value >= %(low)s AND found.value < %(high)s
        ORDER BY found.value
        LIMIT 1
    )
    UNION ALL
    SELECT later.value
    FROM reference
    CROSS JOIN LATERAL (
        SELECT found.value
        FROM projection.booking_search AS found
        WHERE found.value > reference.value AND found.value < %(high)s
        ORDER BY found.value
        LIMIT 1
    ) AS later
)
SELECT value FROM reference LIMIT %(limit)s
