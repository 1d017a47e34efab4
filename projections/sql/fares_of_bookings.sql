-- The fares of some bookings as the view has them, in the order in which they are named.
SELECT fare.*
FROM unnest(%(partitions)s::smallint[], %(booking_ids)s::text[])
     WITH ORDINALITY AS wanted (partition, booking_id, place)
JOIN projection.current_fare AS fare
  ON fare.partition = wanted.partition AND fare.booking_id = wanted.booking_id
ORDER BY wanted.place
