-- The projections that a booking is set aside in.
SELECT aside.projection
FROM projection.set_aside AS aside
WHERE aside.partition = %(partition)s AND aside.booking_id = %(booking_id)s
ORDER BY aside.projection
