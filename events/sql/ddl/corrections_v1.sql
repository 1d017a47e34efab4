-- Corrections: a fare put right by one person and approved by another.
--
-- A row begins as proposed, and its state moves once; what it says never changes, and it is never deleted. Users are
-- ids without a constraint. Every key contains `partition`, as the ledger's do.

CREATE TABLE ledger.correction (
    partition        smallint    NOT NULL,
    -- Also the transaction id of the event that it appends.
    id               uuid        NOT NULL,
    booking_id       text        NOT NULL,
    corrects_version integer     NOT NULL,
    kind             text        NOT NULL,
    type             text        NOT NULL,
    component        text        NOT NULL,
    -- Minor units, as in the ledger.
    amount_minor     bigint      NOT NULL,
    allow_negative   boolean     NOT NULL,
    target_minor     bigint,
    currency         text        NOT NULL,
    exponent         smallint    NOT NULL,
    reason_code      text        NOT NULL,
    customer_reason  text        NOT NULL,
    reason           text        NOT NULL,
    evidence         text        NOT NULL,
    seen_version     integer     NOT NULL,
    seen_fare_minor  bigint      NOT NULL,
    needs            text        NOT NULL,
    needs_reason     text        NOT NULL,
    proposed_by      bigint      NOT NULL,
    proposed_by_name text        NOT NULL,
    proposed_at      timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    state            text        NOT NULL DEFAULT 'proposed',
    decided_by       bigint,
    decided_by_name  text        NOT NULL DEFAULT '',
    decided_at       timestamptz,
    decision_reason  text        NOT NULL DEFAULT '',
    event_version    integer,

    CONSTRAINT correction_key PRIMARY KEY (partition, id),
    CONSTRAINT correction_event UNIQUE (partition, booking_id, event_version),
    CONSTRAINT corrects_a_known_event FOREIGN KEY (partition, booking_id, corrects_version)
        REFERENCES ledger.fare_event (partition, booking_id, version),
    CONSTRAINT saw_a_known_fare FOREIGN KEY (partition, booking_id, seen_version)
        REFERENCES ledger.fare_event (partition, booking_id, version),
    CONSTRAINT appended_a_known_event FOREIGN KEY (partition, booking_id, event_version)
        REFERENCES ledger.fare_event (partition, booking_id, version),
    CONSTRAINT partition_is_the_bookings CHECK (partition = ledger.partition_of_v1(booking_id)),
    CONSTRAINT kind_is_known CHECK (kind IN ('event', 'contra', 'should_be')),
    CONSTRAINT type_is_known CHECK (type IN ('SET', 'ADD', 'SUB')),
    CONSTRAINT only_an_event_sets CHECK (type <> 'SET' OR kind = 'event'),
    CONSTRAINT target_is_the_kinds CHECK ((kind = 'should_be') = (target_minor IS NOT NULL)),
    CONSTRAINT component_form CHECK (component ~ '\A[a-z][a-z0-9_]{0,47}\Z'),
    CONSTRAINT currency_form CHECK (currency ~ '\A[A-Z]{3}\Z' AND exponent BETWEEN 0 AND 4),
    CONSTRAINT money_in_range CHECK (
        amount_minor >= 0 AND amount_minor < 1000000000000000
        AND abs(target_minor) < 1000000000000000 AND abs(seen_fare_minor) < 1000000000000000
    ),
    CONSTRAINT reason_is_given CHECK (
        reason_code ~ '\A[a-z][a-z0-9_]{0,47}\Z' AND length(customer_reason) BETWEEN 1 AND 500
        AND length(reason) BETWEEN 1 AND 2000 AND length(decision_reason) <= 2000
    ),
    CONSTRAINT evidence_is_a_link CHECK (
        evidence = '' OR length(evidence) <= 1000 AND evidence ~* '\Ahttps?://[^\s\x01-\x1f\x7f]+\Z'
    ),
    CONSTRAINT corrects_what_was_seen CHECK (corrects_version <= seen_version),
    CONSTRAINT expires_later CHECK (expires_at > proposed_at),
    CONSTRAINT needs_is_known CHECK (needs IN ('nobody', 'second_person', 'lead')),
    CONSTRAINT state_is_known CHECK (state IN ('proposed', 'approved', 'rejected', 'withdrawn')),
    CONSTRAINT decided_by_somebody_some_time CHECK (
        (state <> 'proposed') = (decided_by IS NOT NULL AND decided_by_name <> '' AND decided_at IS NOT NULL)
        AND (state <> 'proposed' OR decided_by IS NULL AND decided_by_name = '' AND decided_at IS NULL)
    ),
    CONSTRAINT maker_never_approves CHECK (
        state <> 'approved' OR needs = 'nobody' OR decided_by IS NOT NULL AND decided_by <> proposed_by
    ),
    CONSTRAINT maker_never_rejects CHECK (state <> 'rejected' OR decided_by <> proposed_by),
    CONSTRAINT only_the_maker_withdraws CHECK (state <> 'withdrawn' OR decided_by = proposed_by),
    CONSTRAINT approved_in_time CHECK (state <> 'approved' OR decided_at <= expires_at),
    CONSTRAINT approved_has_its_event CHECK ((state = 'approved') = (event_version IS NOT NULL))
);

-- An event is cancelled once.
CREATE UNIQUE INDEX correction_contra ON ledger.correction (partition, booking_id, corrects_version)
    WHERE kind = 'contra' AND state = 'approved';
-- By id alone, as links have it; of a booking; the lists; what one person corrected in a day.
CREATE INDEX correction_id ON ledger.correction (id);
CREATE INDEX correction_of_booking ON ledger.correction (partition, booking_id, proposed_at, id);
CREATE INDEX correction_by_time ON ledger.correction (proposed_at, id);
CREATE INDEX correction_by_state ON ledger.correction (state, proposed_at, id);
CREATE INDEX correction_by_maker ON ledger.correction (proposed_by, proposed_at, id);

CREATE FUNCTION ledger.guard_correction_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    _undecided ledger.correction;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a correction is never deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' THEN
            RAISE EXCEPTION 'a correction begins as proposed, not as %', NEW.state
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;

    IF OLD.state <> 'proposed' OR NEW.state = 'proposed' THEN
        RAISE EXCEPTION 'a correction is decided once: from % it cannot become %', OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    _undecided := NEW;
    _undecided.state := OLD.state;
    _undecided.decided_by := OLD.decided_by;
    _undecided.decided_by_name := OLD.decided_by_name;
    _undecided.decided_at := OLD.decided_at;
    _undecided.decision_reason := OLD.decision_reason;
    _undecided.event_version := OLD.event_version;
    IF _undecided IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'what a correction says never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'approved' AND NOT EXISTS (
        SELECT FROM ledger.fare_event AS e
        WHERE e.partition = NEW.partition AND e.booking_id = NEW.booking_id AND e.version = NEW.event_version
          AND e.correction_id = NEW.id AND e.corrects_version = NEW.corrects_version
    ) THEN
        RAISE EXCEPTION 'an approved correction names the event that it appended'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$function$;

-- ENABLE ALWAYS, as the ledger's own.
CREATE TRIGGER rows_stay BEFORE INSERT OR UPDATE OR DELETE ON ledger.correction
    FOR EACH ROW EXECUTE FUNCTION ledger.guard_correction_v1();
CREATE TRIGGER table_stays BEFORE TRUNCATE ON ledger.correction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.correction ENABLE ALWAYS TRIGGER rows_stay;
ALTER TABLE ledger.correction ENABLE ALWAYS TRIGGER table_stays;

-- Rights by table, never by column: what of a row may change is the trigger's.
REVOKE EXECUTE ON FUNCTION ledger.guard_correction_v1() FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON ledger.correction TO :"application";
