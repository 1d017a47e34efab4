-- Bookings of one partition in the order of their ids: how many events each has, and whether it is set aside. Ids are
-- compared by the database's own collation, as the indexes are: for a walk any order will do.
SELECT found.booking_id,
       coalesce((
           SELECT event.version
           FROM ledger.fare_event AS event
           WHERE event.partition = %(partition)s AND event.booking_id = found.booking_id
           ORDER BY event.version DESC
           LIMIT 1
       ), 0),
       EXISTS (
           SELECT FROM projection.set_aside AS aside
           WHERE aside.partition = %(partition)s AND aside.projection = %(projection)s
             AND aside.booking_id = found.booking_id
       )
FROM (:found) AS found
ORDER BY found.booking_id
LIMIT %(limit)s
