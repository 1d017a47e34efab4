-- What a fare is found by besides its id and its references: a row an event, written once and never changed.

CREATE TABLE :"schema".event_search (
    partition      smallint         NOT NULL,
    exponent       smallint         NOT NULL,
    version        integer          NOT NULL,
    recorded_at    timestamptz      NOT NULL,
    -- The fare after the event, in minor units.
    fare_minor     bigint           NOT NULL,
    transaction_id uuid             NOT NULL,
    is_correction  boolean          NOT NULL,
    booking_id     text             NOT NULL,
    currency       text COLLATE "C" NOT NULL,
    component      text COLLATE "C" NOT NULL,
    source         text COLLATE "C" NOT NULL,
    PRIMARY KEY (partition, booking_id, version)
);

-- From a transaction id to its event, whatever the booking: the ledger's own key needs the booking.
CREATE INDEX event_search_transaction ON :"schema".event_search (transaction_id);

-- Each of these is walked from its end, so that lists come newest first (or highest first) without a sort.
CREATE INDEX event_search_time ON :"schema".event_search (recorded_at);
CREATE INDEX event_search_kind ON :"schema".event_search (component, source, recorded_at);
CREATE INDEX event_search_money ON :"schema".event_search (currency, exponent, fare_minor, recorded_at);
CREATE INDEX event_search_correction ON :"schema".event_search (recorded_at) WHERE is_correction;

-- Parts of a booking id, one entry a booking: where the database has the extension. Tables that were made without it
-- get the index by a rebuild.
DO $block$
DECLARE
    _schema CONSTANT name := (
        SELECT namespace.nspname
        FROM pg_catalog.pg_extension AS extension
        JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = extension.extnamespace
        WHERE extension.extname = 'pg_trgm'
    );
BEGIN
    IF _schema IS NOT NULL THEN
        EXECUTE format(
            'CREATE INDEX event_search_part ON :"schema".event_search USING gin (booking_id %I.gin_trgm_ops)'
            ' WHERE version = 1', _schema
        );
    END IF;
END
$block$;
