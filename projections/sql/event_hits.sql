-- The first events of a walk that meet the filters, each the newest of its booking that does. That is looked up apart
-- (OFFSET 0), only for an event that the filters leave, and no more once the page is full: the booking's later events by
-- the key, and what they must meet after that, or a planner without statistics takes the index of what they must meet.
SELECT event.recorded_at, event.partition, event.booking_id, event.version, event.fare_minor, event.currency,
       event.exponent, event.component, event.source, event.is_correction
FROM (:walk) AS event
WHERE :meets
  AND NOT EXISTS (
      SELECT FROM (
          SELECT *
          FROM projection.event_search AS of_booking
          WHERE of_booking.partition = event.partition AND of_booking.booking_id = event.booking_id
            AND of_booking.version > event.version
          ORDER BY of_booking.version
          OFFSET 0
      ) AS later
      WHERE :later_meets
  )
ORDER BY :order
LIMIT %(limit)s
