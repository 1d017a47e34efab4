-- The next bookings that have rows, whether or not they have events. A part of `bookings_to_check`.
(SELECT DISTINCT row.booking_id
 FROM projection.:"table" AS row
 WHERE row.partition = %(partition)s AND row.booking_id > %(after)s
 ORDER BY row.booking_id
 LIMIT %(limit)s)
