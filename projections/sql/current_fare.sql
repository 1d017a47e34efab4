-- Moves the view by one page of one partition. A row moves only from the version before the page's first event
-- of its booking; the answer is how many bookings the page has and how many rows moved, which must be the same.
WITH page AS MATERIALIZED (
    SELECT event.*
    FROM ledger.fare_event AS event
    WHERE event.partition = %(partition)s AND event.position > %(after)s AND event.position <= %(upto)s
),
booking AS MATERIALIZED (
    SELECT last.*, ends.first_version, ends.first_recorded_at
    FROM (
        SELECT booking_id, min(version) AS first_version, max(version) AS last_version,
               min(recorded_at) AS first_recorded_at
        FROM page
        GROUP BY booking_id
    ) AS ends
    JOIN page AS last ON last.booking_id = ends.booking_id AND last.version = ends.last_version
),
updated AS (
    UPDATE projection.current_fare AS view SET
        version = booking.version,
        fare_minor = booking.fare,
        components = booking.components,
        component_amounts = booking.component_amounts,
        last_recorded_at = booking.recorded_at,
        last_occurred_at = coalesce(booking.occurred_at, booking.recorded_at)
    FROM booking
    WHERE view.partition = %(partition)s AND view.booking_id = booking.booking_id
      AND view.version = booking.first_version - 1
    RETURNING 1
),
inserted AS (
    INSERT INTO projection.current_fare (
        partition, booking_id, version, fare_minor, currency, exponent, components, component_amounts,
        first_recorded_at, last_recorded_at, last_occurred_at
    )
    SELECT partition, booking_id, version, fare, currency, exponent, components, component_amounts,
           first_recorded_at, recorded_at, coalesce(occurred_at, recorded_at)
    FROM booking
    WHERE first_version = 1
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM booking), (SELECT count(*) FROM updated) + (SELECT count(*) FROM inserted)
