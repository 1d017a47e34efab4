-- The ledger: fare events in partition logs.
--
-- :partitions is the number of logs, fixed here for the life of the ledger. Every unique constraint contains
-- `partition`, so that the tables can be distributed by it.

CREATE SCHEMA ledger;

-- One row: what was fixed when the ledger was created, and the epoch that a restore which lost events raises.
CREATE TABLE ledger.ledger (
    singleton   boolean     NOT NULL DEFAULT true PRIMARY KEY CHECK (singleton),
    ledger_id   uuid        NOT NULL DEFAULT gen_random_uuid(),
    partitions  integer     NOT NULL CHECK (partitions BETWEEN 1 AND 256),
    epoch       integer     NOT NULL DEFAULT 1 CHECK (epoch >= 1),
    created_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO ledger.ledger (partitions) VALUES (:partitions);

-- The row that an append locks to take its partition's turn. Never updated: a head row that is updated becomes
-- slow to read while any long snapshot is open.
CREATE TABLE ledger.partition_turn (
    partition smallint NOT NULL PRIMARY KEY CHECK (partition BETWEEN 0 AND :partitions - 1)
);
INSERT INTO ledger.partition_turn (partition) SELECT generate_series(0, :partitions - 1);

-- The partition of a booking: the first two bytes of SHA-256 of its id, big-endian, modulo their number.
-- A booking id is ASCII without backslashes, for which decode(…, 'escape') gives its bytes and is immutable.
CREATE FUNCTION ledger.partition_of_v1(booking_id text) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((get_byte(sha256(decode(booking_id, 'escape')), 0) * 256
             + get_byte(sha256(decode(booking_id, 'escape')), 1)) % :partitions)::smallint;

CREATE TABLE ledger.fare_event (
    partition         smallint    NOT NULL,
    position          bigint      NOT NULL,
    -- Django's key, for the admin: one column, unique, never indexed; a look-up decodes it.
    id                bigint      NOT NULL GENERATED ALWAYS AS (position * 65536 + partition) STORED,
    schema            smallint    NOT NULL,
    booking_id        text        NOT NULL,
    version           integer     NOT NULL,
    transaction_id    uuid        NOT NULL,
    type              text        NOT NULL,
    component         text        NOT NULL,
    currency          text        NOT NULL,
    exponent          smallint    NOT NULL,
    -- Minor units. `amount` has no sign, the type has; `fare` is after the event, `change` is what it moved.
    amount            bigint      NOT NULL,
    fare              bigint      NOT NULL,
    change            bigint      NOT NULL,
    -- The breakdown after the event, in the order in which components first appeared.
    components        text[]      NOT NULL,
    component_amounts bigint[]    NOT NULL,
    allow_negative    boolean     NOT NULL,
    source            text        NOT NULL,
    origin            text        NOT NULL,
    corrects_version  integer,
    correction_id     uuid,
    recorded_at       timestamptz NOT NULL,
    -- As the client sent it; absent means recorded_at.
    occurred_at       timestamptz,
    -- Erasable content. Its digest, salted, is what the hash covers, so the chain verifies without it.
    actor             text,
    description       text,
    metadata          json,
    salt              bytea       NOT NULL,
    content_digest    bytea       NOT NULL,
    hash              bytea       NOT NULL,
    -- For finding the request in the logs; not part of the event.
    request_id        text,
    key_id            text,

    CONSTRAINT fare_event_position PRIMARY KEY (partition, position),
    CONSTRAINT fare_event_version UNIQUE (partition, booking_id, version),
    CONSTRAINT fare_event_transaction UNIQUE (partition, booking_id, transaction_id),
    CONSTRAINT position_counts_from_1 CHECK (position >= 1),
    CONSTRAINT version_counts_from_1 CHECK (version >= 1),
    CONSTRAINT schema_is_known CHECK (schema = 1),
    CONSTRAINT booking_id_form CHECK (booking_id ~ '\A[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z'),
    CONSTRAINT partition_is_the_bookings CHECK (partition = ledger.partition_of_v1(booking_id)),
    CONSTRAINT type_is_known CHECK (type IN ('SET', 'ADD', 'SUB')),
    CONSTRAINT first_event_sets CHECK (version > 1 OR type = 'SET'),
    CONSTRAINT component_form CHECK (component ~ '\A[a-z][a-z0-9_]{0,47}\Z'),
    CONSTRAINT currency_form CHECK (currency ~ '\A[A-Z]{3}\Z' AND exponent BETWEEN 0 AND 4),
    CONSTRAINT money_in_range CHECK (
        amount >= 0 AND amount < 1000000000000000
        AND fare > -1000000000000000 AND fare < 1000000000000000
    ),
    CONSTRAINT change_is_the_types CHECK (
        type = 'SET' AND fare = amount OR type = 'ADD' AND change = amount OR type = 'SUB' AND change = -amount
    ),
    CONSTRAINT below_zero_only_if_allowed CHECK (fare >= 0 OR change >= 0 OR allow_negative),
    CONSTRAINT components_pair_up CHECK (
        cardinality(components) BETWEEN 1 AND 100 AND cardinality(components) = cardinality(component_amounts)
    ),
    CONSTRAINT source_form CHECK (source ~ '\A[a-z][a-z0-9-]{0,47}\Z'),
    CONSTRAINT origin_is_known CHECK (origin IN ('api', 'import', 'correction', 'sample')),
    CONSTRAINT corrections_name_themselves CHECK ((origin = 'correction') = (correction_id IS NOT NULL)),
    CONSTRAINT occurred_in_range CHECK (
        occurred_at >= '1970-01-01 00:00:00+00' AND occurred_at <= recorded_at + interval '2 days'
    ),
    CONSTRAINT texts_in_range CHECK (
        length(description) <= 500 AND length(actor) <= 128
        AND description !~ '[\x01-\x1f\x7f-\x9f]' AND actor !~ '[\x01-\x1f\x7f-\x9f]'
    ),
    CONSTRAINT metadata_is_a_small_object CHECK (
        json_typeof(metadata) = 'object' AND octet_length(metadata::text) <= 32768
    ),
    CONSTRAINT corrects_an_earlier_event CHECK (corrects_version BETWEEN 1 AND version - 1),
    CONSTRAINT hash_sizes CHECK (
        octet_length(salt) = 32 AND octet_length(content_digest) = 32 AND octet_length(hash) = 32
    )
);

-- Rows lie in the order of recorded_at: BRIN serves it at a three-hundredth of the size of a B-tree.
CREATE INDEX fare_event_recorded_at ON ledger.fare_event USING brin (recorded_at);
