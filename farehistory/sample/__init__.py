"""The demo's bookings: made up, always the same ones, and appended through the ledger like any others."""
