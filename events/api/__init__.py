"""The ledger over HTTP: one file per endpoint, each a thin function around one call of the write side."""
