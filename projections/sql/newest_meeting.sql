-- Of each of some bookings the newest event that meets the filters, if one does.
SELECT DISTINCT ON (event.partition, event.booking_id)
       event.recorded_at, event.partition, event.booking_id, event.version, event.fare_minor, event.currency,
       event.exponent, event.component, event.source, event.is_correction
FROM unnest(%(partitions)s::smallint[], %(booking_ids)s::text[]) AS wanted (partition, booking_id)
JOIN projection.event_search AS event
  ON event.partition = wanted.partition AND event.booking_id = wanted.booking_id
WHERE :meets
ORDER BY event.partition, event.booking_id, event.version DESC
