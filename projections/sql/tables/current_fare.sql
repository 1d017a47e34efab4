-- The fare of every booking after its last event; amounts in minor units.

CREATE TABLE :"schema".current_fare (
    partition         smallint    NOT NULL,
    booking_id        text        NOT NULL,
    version           integer     NOT NULL,
    fare_minor        bigint      NOT NULL,
    currency          text        NOT NULL,
    exponent          smallint    NOT NULL,
    components        text[]      NOT NULL,
    component_amounts bigint[]    NOT NULL,
    first_recorded_at timestamptz NOT NULL,
    last_recorded_at  timestamptz NOT NULL,
    last_occurred_at  timestamptz NOT NULL,
    PRIMARY KEY (partition, booking_id)
);

-- The admin's search by the beginning of a booking id. No other index: updates of a fare then stay on their page.
CREATE INDEX current_fare_booking_id ON :"schema".current_fare (booking_id text_pattern_ops);
