-- The fares of some bookings as the view has them, in the order in which they are named: one look-up each.
SELECT fare.*
FROM unnest(%(partitions)s::smallint[], %(booking_ids)s::text[])
     WITH ORDINALITY AS wanted (partition, booking_id, place)
CROSS JOIN LATERAL (
    SELECT *
    FROM projection.current_fare AS of_booking
    WHERE of_booking.partition = wanted.partition AND of_booking.booking_id = wanted.booking_id
    OFFSET 0
) AS fare
ORDER BY wanted.place
