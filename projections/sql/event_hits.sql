-- The first events of a walk that meet the filters, each the newest of its booking that does. OFFSET 0 keeps that a
-- look-up of its own, asked only of an event that the filters leave, and no more once the page is full.
SELECT event.recorded_at, event.partition, event.booking_id, event.version, event.fare_minor, event.currency,
       event.exponent, event.component, event.source, event.is_correction
FROM (:walk) AS event
WHERE :meets
  AND NOT EXISTS (
      SELECT FROM projection.event_search AS later
      WHERE later.partition = event.partition AND later.booking_id = event.booking_id
        AND later.version > event.version
        AND :later_meets
      ORDER BY later.version LIMIT 1 OFFSET 0
  )
ORDER BY :order
LIMIT %(limit)s
