-- Partitions of a projection in which bookings are set aside, in the live view or in a rebuild's.
SELECT partition FROM projection.set_aside WHERE projection = %(projection)s
UNION
SELECT partition FROM projection_next.set_aside WHERE projection = %(projection)s
