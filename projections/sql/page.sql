-- The events of a page, but those of bookings that are set aside: what `:page` stands for in a projector's SQL.
-- Whether any is set aside is asked once for the page: seldom is one, and asking for each event costs a fifth.
SELECT event.*
FROM ledger.fare_event AS event
WHERE event.partition = %(partition)s AND event.position > %(after)s AND event.position <= %(upto)s
  AND (
      NOT (SELECT EXISTS (
          SELECT FROM :"aside".set_aside WHERE partition = %(partition)s AND projection = %(projection)s
      ))
      OR NOT EXISTS (
          SELECT FROM :"aside".set_aside AS aside
          WHERE aside.partition = event.partition AND aside.projection = %(projection)s
            AND aside.booking_id = event.booking_id AND aside.position <= event.position
      )
  )
