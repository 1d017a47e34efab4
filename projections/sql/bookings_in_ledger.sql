-- The next bookings that have events. A part of `bookings_to_check`.
(SELECT event.booking_id
 FROM ledger.fare_event AS event
 WHERE event.partition = %(partition)s AND event.booking_id > %(after)s AND event.version = 1
 ORDER BY event.booking_id
 LIMIT %(limit)s)
