-- Moves the view by one page of one partition. A row moves only from the version before the page's first event
-- of its booking; the answer is how many bookings the page has and how many rows moved, which must be the same.
WITH ends AS MATERIALIZED (
    SELECT event.booking_id, min(event.version) AS first_version, max(event.position) AS last_position,
           min(event.recorded_at) AS first_recorded_at
    FROM :page AS event
    GROUP BY event.booking_id
),
booking AS MATERIALIZED (
    SELECT ends.booking_id, ends.first_version, ends.first_recorded_at, last.version, last.fare, last.currency,
           last.exponent, last.components, last.component_amounts, last.recorded_at,
           coalesce(last.occurred_at, last.recorded_at) AS occurred_at
    FROM ends
    JOIN ledger.fare_event AS last ON last.partition = %(partition)s AND last.position = ends.last_position
),
updated AS (
    UPDATE :"schema".current_fare AS view SET
        version = booking.version,
        fare_minor = booking.fare,
        components = booking.components,
        component_amounts = booking.component_amounts,
        last_recorded_at = booking.recorded_at,
        last_occurred_at = booking.occurred_at
    FROM booking
    WHERE view.partition = %(partition)s AND view.booking_id = booking.booking_id
      AND view.version = booking.first_version - 1
    RETURNING 1
),
inserted AS (
    INSERT INTO :"schema".current_fare (
        partition, booking_id, version, fare_minor, currency, exponent, components, component_amounts,
        first_recorded_at, last_recorded_at, last_occurred_at
    )
    SELECT %(partition)s, booking_id, version, fare, currency, exponent, components, component_amounts,
           first_recorded_at, recorded_at, occurred_at
    FROM booking
    WHERE first_version = 1
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM booking), (SELECT count(*) FROM updated) + (SELECT count(*) FROM inserted)
