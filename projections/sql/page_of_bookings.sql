-- The same of some bookings only, whether set aside or not.
SELECT event.*
FROM ledger.fare_event AS event
WHERE event.partition = %(partition)s AND event.position > %(after)s AND event.position <= %(upto)s
  AND event.booking_id = ANY (%(bookings)s)
