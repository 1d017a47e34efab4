-- Of each of some bookings the newest event that meets the filters, if one does: one look-up each, from its end.
SELECT event.recorded_at, event.partition, event.booking_id, event.version, event.fare_minor, event.currency,
       event.exponent, event.component, event.source, event.is_correction
FROM unnest(%(partitions)s::smallint[], %(booking_ids)s::text[]) AS wanted (partition, booking_id)
CROSS JOIN LATERAL (
    SELECT event.*
    FROM (
        SELECT *
        FROM projection.event_search AS of_booking
        WHERE of_booking.partition = wanted.partition AND of_booking.booking_id = wanted.booking_id
        ORDER BY of_booking.version DESC
        OFFSET 0
    ) AS event
    WHERE :meets
    LIMIT 1
) AS event
