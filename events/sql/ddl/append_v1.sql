-- The one way in: appends one event, or many of one partition, and answers each with an outcome.
--
-- Arrays hold one item per event; items of one booking stand next to each other, in their order. NULL is absent,
-- as an expected version it means any. A row of the answer has the item's number from 1, its outcome, and
--   appended, replayed:  the event (new, or the one that this transaction id already made);
--   any other outcome:   the head of the booking's history, or NULLs if it has none.
-- Outcomes are values, so that a refused item does not undo the others. The order of the checks is the contract.

CREATE FUNCTION ledger.same_content_v1(
    known ledger.fare_event, asked ledger.fare_event, asked_amount numeric
) RETURNS boolean
    LANGUAGE sql STABLE
    RETURN known.type = asked.type
        AND known.component = asked.component
        AND known.amount = asked_amount * (ARRAY[1, 10, 100, 1000, 10000])[known.exponent + 1]
        AND known.allow_negative = asked.allow_negative
        AND known.source = asked.source
        AND (asked.currency IS NULL OR known.currency = asked.currency)
        AND known.occurred_at IS NOT DISTINCT FROM asked.occurred_at
        AND known.corrects_version IS NOT DISTINCT FROM asked.corrects_version
        AND known.correction_id IS NOT DISTINCT FROM asked.correction_id
        -- What was erased cannot be compared any more.
        AND (known.metadata IS NULL OR (
            known.actor IS NOT DISTINCT FROM asked.actor
            AND known.description IS NOT DISTINCT FROM asked.description
            AND (known.metadata::text = asked.metadata::text OR known.metadata::jsonb = asked.metadata::jsonb)
        ));

CREATE FUNCTION ledger.append_v1(
    _partition         smallint,
    _source            text,
    _origin            text,
    _request_id        text,
    _key_id            text,
    _booking_ids       text[],
    _transaction_ids   uuid[],
    _expected_versions integer[],
    _types             text[],
    _components        text[],
    _amounts           numeric[],
    _currencies        text[],
    _exponents         smallint[],
    _allow_negatives   boolean[],
    _occurred_ats      timestamptz[],
    _actors            text[],
    _descriptions      text[],
    _metadata          text[],
    _corrects_versions integer[],
    _correction_ids    uuid[]
) RETURNS TABLE (
    item              bigint,
    outcome           text,
    partition         smallint,
    "position"        bigint,
    booking_id        text,
    version           integer,
    transaction_id    uuid,
    type              text,
    component         text,
    currency          text,
    exponent          smallint,
    amount            bigint,
    fare              bigint,
    change            bigint,
    components        text[],
    component_amounts bigint[],
    allow_negative    boolean,
    source            text,
    origin            text,
    actor             text,
    description       text,
    metadata          text,
    corrects_version  integer,
    correction_id     uuid,
    recorded_at       timestamptz,
    occurred_at       timestamptz,
    hash              bytea,
    request_id        text,
    key_id            text
)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    -- Every look-up has its index; a plan made while the ledger was nearly empty would scan it for ever.
    SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
    _count    CONSTANT integer := cardinality(_booking_ids);
    _powers   CONSTANT bigint[] := ARRAY[1, 10, 100, 1000, 10000];
    _too_much CONSTANT bigint := 1000000000000000;
    _item     integer;
    _event    ledger.fare_event;   -- the item being looked at, on its way to be a row
    _head     ledger.fare_event;   -- the last event of the item's booking, this call's included
    _known    ledger.fare_event;   -- the event that the item's transaction id already made
    _last     ledger.fare_event;   -- the last event of the log, this call's included
    _new      ledger.fare_event[] := ARRAY[]::ledger.fare_event[];
    _answers  ledger.fare_event[] := ARRAY[]::ledger.fare_event[];
    _outcomes text[] := ARRAY[]::text[];
    _outcome  text;
    _first_of_booking integer;     -- index in _new from which the booking's events of this call stand
    _was_known boolean;            -- the booking had events before this call that may have the transaction id
    _seen     integer;             -- the booking's version when a single append looked before its turn
    _is_known boolean;             -- whether its transaction id had made an event by then
    _now      timestamptz;
    _seed     bytea;               -- random; never stored
    _scaled   numeric;
    _moved    integer;
    _inserted bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append needs READ COMMITTED: what it reads after taking the turn must be the newest'
            USING ERRCODE = 'invalid_transaction_state';
    END IF;

    IF cardinality(_metadata) IS DISTINCT FROM _count OR array_position(_metadata, NULL::text) IS NOT NULL THEN
        RAISE EXCEPTION 'an event without metadata has an empty object: NULL is what an erasure leaves'
            USING ERRCODE = 'null_value_not_allowed';
    END IF;

    -- A single append looks before it queues: a retry or a doomed call need not wait for the partition's turn.
    IF _count = 1 THEN
        SELECT e.version, EXISTS (
                SELECT FROM ledger.fare_event AS k
                WHERE k.partition = _partition AND k.booking_id = _booking_ids[1]
                  AND k.transaction_id = _transaction_ids[1]
            )
            INTO _seen, _is_known FROM ledger.fare_event AS e
            WHERE e.partition = _partition AND e.booking_id = _booking_ids[1]
            ORDER BY e.version DESC LIMIT 1;
        IF _seen > _expected_versions[1] AND NOT _is_known THEN
            SELECT * INTO _head FROM ledger.fare_event AS e
                WHERE e.partition = _partition AND e.booking_id = _booking_ids[1]
                ORDER BY e.version DESC LIMIT 1;
            _outcomes := ARRAY['version_conflict'];
            _answers := ARRAY[_head];
        END IF;
    END IF;

    IF cardinality(_outcomes) = 0 THEN
        -- Nobody waits for a turn that a known transaction id does not need.
        IF _is_known IS NOT TRUE THEN
            PERFORM 1 FROM ledger.partition_turn AS turn WHERE turn.partition = _partition FOR NO KEY UPDATE;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the ledger has no partition %', _partition;
            END IF;
        END IF;

        -- Later statements see what the turn's last holder committed: each takes a new snapshot.
        SELECT e.position, e.recorded_at, e.hash INTO _last.position, _last.recorded_at, _last.hash
            FROM ledger.fare_event AS e
            WHERE e.partition = _partition ORDER BY e.position DESC LIMIT 1;
        _now := greatest(clock_timestamp(), _last.recorded_at);
        _head := NULL;

        FOR _item IN 1 .. _count LOOP
            IF _head.booking_id IS DISTINCT FROM _booking_ids[_item] OR _head.booking_id IS NULL THEN
                SELECT * INTO _head FROM ledger.fare_event AS e
                    WHERE e.partition = _partition AND e.booking_id = _booking_ids[_item]
                    ORDER BY e.version DESC LIMIT 1;
                -- No need to ask again for the transaction id if nothing was appended since the look.
                _was_known := FOUND AND (_is_known OR _head.version IS DISTINCT FROM _seen);
                _first_of_booking := cardinality(_new) + 1;
            END IF;

            _event := NULL;
            _event.partition := _partition;
            _event.schema := 1;
            _event.booking_id := _booking_ids[_item];
            _event.transaction_id := _transaction_ids[_item];
            _event.type := _types[_item];
            _event.component := _components[_item];
            _event.currency := _currencies[_item];
            _event.allow_negative := _allow_negatives[_item];
            _event.source := _source;
            _event.origin := _origin;
            _event.corrects_version := _corrects_versions[_item];
            _event.correction_id := _correction_ids[_item];
            _event.occurred_at := _occurred_ats[_item];
            _event.actor := _actors[_item];
            _event.description := _descriptions[_item];
            _event.metadata := _metadata[_item]::json;
            _event.request_id := _request_id;
            _event.key_id := _key_id;

            -- Known transaction id?
            _known := NULL;
            FOR _index IN _first_of_booking .. cardinality(_new) LOOP
                IF _new[_index].transaction_id = _event.transaction_id THEN
                    _known := _new[_index];
                END IF;
            END LOOP;
            IF _known.position IS NULL AND _was_known THEN
                SELECT * INTO _known FROM ledger.fare_event AS e
                    WHERE e.partition = _partition AND e.booking_id = _event.booking_id
                      AND e.transaction_id = _event.transaction_id;
            END IF;

            _outcome := NULL;
            IF _known.position IS NOT NULL THEN
                IF ledger.same_content_v1(_known, _event, _amounts[_item]) THEN
                    _outcome := 'replayed';
                ELSE
                    _outcome := 'transaction_id_reused';
                END IF;
            ELSIF _expected_versions[_item] <> coalesce(_head.version, 0) THEN
                _outcome := 'version_conflict';
            ELSIF _head.version IS NULL AND _event.type <> 'SET' THEN
                _outcome := 'first_event_must_set';
            ELSIF _head.version IS NULL AND _event.currency IS NULL THEN
                _outcome := 'currency_required';
            ELSIF _event.currency <> _head.currency THEN
                _outcome := 'currency_mismatch';
            ELSE
                _event.version := coalesce(_head.version, 0) + 1;
                _event.currency := coalesce(_head.currency, _event.currency);
                _event.exponent := coalesce(_head.exponent, _exponents[_item]);
                _scaled := _amounts[_item] * _powers[_event.exponent + 1];
                IF scale(_amounts[_item]) > _event.exponent THEN
                    _outcome := 'too_many_decimals';
                ELSIF _scaled >= _too_much THEN
                    _outcome := 'out_of_range';
                END IF;
            END IF;

            IF _outcome IS NULL THEN
                -- The fold: SET leaves one component, ADD and SUB move theirs.
                _event.amount := _scaled;
                IF _event.type = 'SET' THEN
                    _event.fare := _event.amount;
                    _event.change := _event.fare - coalesce(_head.fare, 0);
                    _event.components := ARRAY[_event.component];
                    _event.component_amounts := ARRAY[_event.amount];
                ELSE
                    _event.change := CASE _event.type WHEN 'ADD' THEN _event.amount ELSE -_event.amount END;
                    _event.fare := _head.fare + _event.change;
                    _event.components := _head.components;
                    _event.component_amounts := _head.component_amounts;
                    _moved := array_position(_head.components, _event.component);
                    IF _moved IS NULL THEN
                        _moved := cardinality(_head.components) + 1;
                        _event.components[_moved] := _event.component;
                        _event.component_amounts[_moved] := 0;
                    END IF;
                    _event.component_amounts[_moved] := _event.component_amounts[_moved] + _event.change;
                END IF;

                IF _event.fare < 0 AND _event.change < 0 AND NOT _event.allow_negative THEN
                    _outcome := 'negative_fare';
                ELSIF abs(_event.fare) >= _too_much
                    OR _event.type <> 'SET' AND abs(_event.component_amounts[_moved]) >= _too_much THEN
                    _outcome := 'out_of_range';
                ELSIF cardinality(_event.components) > 100 THEN
                    _outcome := 'too_many_components';
                END IF;
            END IF;

            IF _outcome IS NULL THEN
                _event.position := coalesce(_last.position, 0) + 1;
                _event.recorded_at := _now;
                -- Of one random seed a call: an event's salt says nothing of another's.
                _seed := coalesce(_seed, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
                _event.salt := sha256(_seed || int8send(_event.position));
                _event.content_digest := ledger.content_digest_v1(_event);
                _event.hash := ledger.event_hash_v1(
                    coalesce(_last.hash, decode(repeat('00', 32), 'hex')), _event
                );
                _outcome := 'appended';
                IF _count = 1 THEN
                    -- The usual call: its row is written and answered by one statement, without arrays.
                    RETURN QUERY INSERT INTO ledger.fare_event AS e (
                        partition, position, schema, booking_id, version, transaction_id, type, component, currency,
                        exponent, amount, fare, change, components, component_amounts, allow_negative, source,
                        origin, corrects_version, correction_id, recorded_at, occurred_at, actor, description,
                        metadata, salt, content_digest, hash, request_id, key_id
                    ) VALUES (
                        _event.partition, _event.position, _event.schema, _event.booking_id, _event.version,
                        _event.transaction_id, _event.type, _event.component, _event.currency, _event.exponent,
                        _event.amount, _event.fare, _event.change, _event.components, _event.component_amounts,
                        _event.allow_negative, _event.source, _event.origin, _event.corrects_version,
                        _event.correction_id, _event.recorded_at, _event.occurred_at, _event.actor,
                        _event.description, _event.metadata, _event.salt, _event.content_digest, _event.hash,
                        _event.request_id, _event.key_id
                    )
                    ON CONFLICT DO NOTHING
                    RETURNING
                        1::bigint, 'appended', e.partition, e.position, e.booking_id, e.version, e.transaction_id,
                        e.type, e.component, e.currency, e.exponent, e.amount, e.fare, e.change, e.components,
                        e.component_amounts, e.allow_negative, e.source, e.origin, e.actor, e.description,
                        e.metadata::text, e.corrects_version, e.correction_id, e.recorded_at, e.occurred_at,
                        e.hash, e.request_id, e.key_id;
                    IF FOUND THEN
                        RETURN;
                    END IF;
                    -- Another writer had already placed that row: the turn did not hold, as can happen while a
                    -- shard moves.
                    _outcome := 'busy';
                END IF;
                _new[cardinality(_new) + 1] := _event;
                _known := _event;
                _head := _event;
                _last := _event;
            END IF;

            _outcomes[_item] := _outcome;
            _answers[_item] := CASE WHEN _known.position IS NOT NULL AND _outcome <> 'transaction_id_reused'
                                    THEN _known ELSE _head END;
        END LOOP;
    END IF;

    IF _count > 1 AND cardinality(_new) > 0 THEN
        INSERT INTO ledger.fare_event (
            partition, position, schema, booking_id, version, transaction_id, type, component, currency, exponent,
            amount, fare, change, components, component_amounts, allow_negative, source, origin, corrects_version,
            correction_id, recorded_at, occurred_at, actor, description, metadata, salt, content_digest, hash,
            request_id, key_id
        )
        SELECT
            n.partition, n.position, n.schema, n.booking_id, n.version, n.transaction_id, n.type, n.component,
            n.currency, n.exponent, n.amount, n.fare, n.change, n.components, n.component_amounts,
            n.allow_negative, n.source, n.origin, n.corrects_version, n.correction_id, n.recorded_at,
            n.occurred_at, n.actor, n.description, n.metadata, n.salt, n.content_digest, n.hash, n.request_id,
            n.key_id
        FROM unnest(_new) AS n
        ON CONFLICT DO NOTHING;

        GET DIAGNOSTICS _inserted = ROW_COUNT;
        IF _inserted < cardinality(_new) THEN
            RAISE EXCEPTION 'the turn of partition % was lost', _partition USING ERRCODE = 'lock_not_available';
        END IF;
    END IF;

    RETURN QUERY
        SELECT
            a.item, _outcomes[a.item], a.partition, a.position, a.booking_id, a.version, a.transaction_id, a.type,
            a.component, a.currency, a.exponent, a.amount, a.fare, a.change, a.components, a.component_amounts,
            a.allow_negative, a.source, a.origin, a.actor, a.description, a.metadata::text, a.corrects_version,
            a.correction_id, a.recorded_at, a.occurred_at, a.hash, a.request_id, a.key_id
        FROM unnest(_answers) WITH ORDINALITY AS a (
            partition, position, id, schema, booking_id, version, transaction_id, type, component, currency,
            exponent, amount, fare, change, components, component_amounts, allow_negative, source, origin,
            corrects_version, correction_id, recorded_at, occurred_at, actor, description, metadata, salt,
            content_digest, hash, request_id, key_id, item
        );
END
$function$;
