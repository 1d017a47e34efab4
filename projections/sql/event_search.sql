-- Adds a row for each event of the page.
INSERT INTO :"schema".event_search (
    partition, exponent, version, recorded_at, fare_minor, transaction_id, is_correction, booking_id, currency,
    component, source
)
SELECT event.partition, event.exponent, event.version, event.recorded_at, event.fare, event.transaction_id,
       event.correction_id IS NOT NULL, event.booking_id, event.currency, event.component, event.source
FROM :page AS event
