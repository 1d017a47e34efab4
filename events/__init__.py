"""The write side: the append-only ledger of fare events.

The public face is the list of modules named in docs/ARCHITECTURE.md; start at `events.ledger`, the one way in.
"""
