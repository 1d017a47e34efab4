-- Where a walk ended: how many events it examined, and the last.
SELECT count(*) OVER (), event.recorded_at, event.partition, event.booking_id, event.version, event.fare_minor,
       event.currency, event.exponent, event.component, event.source, event.is_correction
FROM (:walk) AS event
ORDER BY :reversed
LIMIT 1
