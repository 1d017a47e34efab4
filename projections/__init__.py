"""The read side: views computed from the ledger by projectors, and disposable."""
