-- The references that a booking's events have named, each once.

CREATE TABLE :"schema".booking_search (
    partition  smallint         NOT NULL,
    booking_id text             NOT NULL,
    key        text COLLATE "C" NOT NULL,
    value      text COLLATE "C" NOT NULL,
    PRIMARY KEY (partition, booking_id, key, value)
);

-- From a value, or its beginning, to bookings in order of their ids; in byte order, whatever the database's collation.
CREATE INDEX booking_search_value ON :"schema".booking_search (value, booking_id text_pattern_ops, key, partition);
