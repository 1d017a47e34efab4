-- Append-only: no UPDATE, DELETE or TRUNCATE, whoever asks.
--
-- ENABLE ALWAYS, because plain triggers are bypassed by session_replication_role = replica. An owner who means
-- it can still switch them off: that is what the hashes are for.

CREATE FUNCTION ledger.refuse_change_v1() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % of %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Append an event that puts the fare right.';
END
$function$;

CREATE TRIGGER rows_stay BEFORE UPDATE OR DELETE ON ledger.fare_event
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change_v1();
CREATE TRIGGER table_stays BEFORE TRUNCATE ON ledger.fare_event
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.fare_event ENABLE ALWAYS TRIGGER rows_stay;
ALTER TABLE ledger.fare_event ENABLE ALWAYS TRIGGER table_stays;

CREATE TRIGGER rows_stay BEFORE UPDATE OR DELETE ON ledger.partition_turn
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change_v1();
CREATE TRIGGER table_stays BEFORE TRUNCATE ON ledger.partition_turn
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.partition_turn ENABLE ALWAYS TRIGGER rows_stay;
ALTER TABLE ledger.partition_turn ENABLE ALWAYS TRIGGER table_stays;

CREATE TRIGGER rows_stay BEFORE UPDATE OF ledger_id, partitions, created_at OR DELETE ON ledger.ledger
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change_v1();
CREATE TRIGGER table_stays BEFORE TRUNCATE ON ledger.ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change_v1();
ALTER TABLE ledger.ledger ENABLE ALWAYS TRIGGER rows_stay;
ALTER TABLE ledger.ledger ENABLE ALWAYS TRIGGER table_stays;
