-- What a hash covers. The documented text (docs/hashing.md) is the contract; this is one implementation of it,
-- `events.chain` is the other. Nothing here depends on session settings: times are UTC, digests hex.

CREATE FUNCTION ledger.utc_text_v1(instant timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- concat() writes NULL as nothing: absent is empty.
CREATE FUNCTION ledger.canonical_text_v1(event ledger.fare_event) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN concat(
        'schema=', event.schema,
        E'\npartition=', event.partition,
        E'\nposition=', event.position,
        E'\nbooking_id=', event.booking_id,
        E'\nversion=', event.version,
        E'\ntransaction_id=', event.transaction_id,
        E'\ntype=', event.type,
        E'\ncomponent=', event.component,
        E'\ncurrency=', event.currency,
        E'\nexponent=', event.exponent,
        E'\namount=', event.amount,
        E'\nfare=', event.fare,
        E'\nallow_negative=', event.allow_negative::text,
        E'\nsource=', event.source,
        E'\norigin=', event.origin,
        E'\ncorrects_version=', event.corrects_version,
        E'\ncorrection_id=', event.correction_id,
        E'\nrecorded_at=', ledger.utc_text_v1(event.recorded_at),
        E'\noccurred_at=', ledger.utc_text_v1(event.occurred_at),
        E'\ncontent_digest=', encode(event.content_digest, 'hex'),
        E'\n'
    );

CREATE FUNCTION ledger.content_digest_v1(event ledger.fare_event) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256(event.salt || convert_to(
        concat(event.actor, E'\n', event.description, E'\n', event.metadata, E'\n'), 'UTF8'
    ));

CREATE FUNCTION ledger.event_hash_v1(previous_hash bytea, event ledger.fare_event) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256(previous_hash || convert_to(ledger.canonical_text_v1(event), 'UTF8'));
