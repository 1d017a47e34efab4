-- A page of the bookings whose id begins with a prefix, and comes after `after`: `low` is the prefix, `high` lies above
-- all ids that begin with it. Compared byte by byte, whatever the database's collation, as the index is. Goes from
-- booking to booking along the index, whatever the planner thinks of how many begin so.
WITH RECURSIVE begun AS (
    (
        SELECT fare.partition, fare.booking_id, 1 AS place
        FROM projection.current_fare AS fare
        WHERE fare.booking_id ~>=~ %(low)s
          AND fare.booking_id ~<~ %(high)s
          AND fare.booking_id ~>~ %(after)s
        ORDER BY fare.booking_id USING ~<~
        LIMIT 1
    )
    UNION ALL
    SELECT later.partition, later.booking_id, begun.place + 1
    FROM begun
    CROSS JOIN LATERAL (
        SELECT fare.partition, fare.booking_id
        FROM projection.current_fare AS fare
        WHERE fare.booking_id ~<~ %(high)s
          AND fare.booking_id ~>~ begun.booking_id
        ORDER BY fare.booking_id USING ~<~
        LIMIT 1
    ) AS later
    WHERE begun.place < %(limit)s
)
SELECT begun.partition, begun.booking_id FROM begun ORDER BY begun.place
