-- What the application role may do with the ledger: read it, and append by the function. Nothing else.

REVOKE ALL ON SCHEMA ledger FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;

GRANT USAGE ON SCHEMA ledger TO :"application";
GRANT SELECT ON ledger.ledger, ledger.partition_turn, ledger.fare_event TO :"application";
GRANT EXECUTE ON FUNCTION ledger.append_v1 TO :"application";
GRANT EXECUTE ON FUNCTION ledger.partition_of_v1 TO :"application";
