"""Redis Streams: one per partition, with the ledger's events as CloudEvents. docs/streams.md is for their readers."""
