-- The audit of staff: who looked at or did what, when, from where. Append-only like the ledger, but no part of its
-- logs: entries of people who sign in belong to no booking's partition.
--
-- The key is the time: microseconds since 1970, and nine bits that tell entries of one microsecond apart. So entries
-- are in order by their key, a day is a range of keys, and the time needs no index of its own.

CREATE SEQUENCE ledger.audit_entry_turn AS bigint MINVALUE 0 MAXVALUE 511 CYCLE;

CREATE TABLE ledger.audit_entry (
    id         bigint      NOT NULL PRIMARY KEY,
    at         timestamptz NOT NULL GENERATED ALWAYS AS (
        to_timestamp((id / 512)::double precision / 1000000)
    ) STORED,
    -- Without a constraint: what somebody did stays when the account is gone. NULL: nobody was signed in.
    user_id    bigint,
    -- As it was then; empty: no account is known by the name that was given.
    user_name  text        NOT NULL,
    action     text        NOT NULL,
    booking_id text,
    details    jsonb       NOT NULL,
    request_id text,
    address    inet,
    CONSTRAINT action_form CHECK (action ~ '\A[a-z][a-z_]{0,47}\Z'),
    CONSTRAINT texts_in_range CHECK (
        length(user_name) <= 150 AND length(booking_id) <= 64 AND length(request_id) <= 128
    ),
    CONSTRAINT details_are_a_small_object CHECK (
        jsonb_typeof(details) = 'object' AND octet_length(details::text) <= 16384
    )
);

-- One for each way of asking, the latest first: by person, by what was done, by both, by booking.
CREATE INDEX audit_entry_by_person ON ledger.audit_entry (user_name, id);
CREATE INDEX audit_entry_by_action ON ledger.audit_entry (action, id);
CREATE INDEX audit_entry_by_person_and_action ON ledger.audit_entry (user_name, action, id);
CREATE INDEX audit_entry_by_booking ON ledger.audit_entry (booking_id, id) WHERE booking_id IS NOT NULL;

CREATE FUNCTION ledger.refuse_audit_change_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION 'the audit is append-only: % of %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Old entries are removed by `manage.py trim_audit`, as the owner.';
END
$function$;

-- The time is the table's to give: an entry cannot be dated back. (Not ALWAYS: a replica takes what it is sent.)
CREATE FUNCTION ledger.stamp_audit_entry_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    NEW.id := floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 512
        + nextval('ledger.audit_entry_turn');
    RETURN NEW;
END
$function$;

CREATE TRIGGER time_is_now BEFORE INSERT ON ledger.audit_entry
    FOR EACH ROW EXECUTE FUNCTION ledger.stamp_audit_entry_v1();
CREATE TRIGGER rows_stay BEFORE UPDATE OR DELETE ON ledger.audit_entry
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_audit_change_v1();
CREATE TRIGGER table_stays BEFORE TRUNCATE ON ledger.audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_audit_change_v1();
ALTER TABLE ledger.audit_entry ENABLE ALWAYS TRIGGER rows_stay;
ALTER TABLE ledger.audit_entry ENABLE ALWAYS TRIGGER table_stays;

REVOKE EXECUTE ON FUNCTION ledger.refuse_audit_change_v1, ledger.stamp_audit_entry_v1 FROM PUBLIC;
GRANT SELECT, INSERT ON ledger.audit_entry TO :"application";
GRANT USAGE ON SEQUENCE ledger.audit_entry_turn TO :"application";
