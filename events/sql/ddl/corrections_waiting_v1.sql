-- Corrections that nobody has decided, by when they expire: the queue, its badge and the start page read those that
-- can still be approved, and pass none that waited too long, however many of these gather over the years.
-- CONCURRENTLY: proposing and approving go on meanwhile. It bears no other statement beside it.

CREATE INDEX CONCURRENTLY correction_waiting ON ledger.correction (expires_at, id) WHERE state = 'proposed'
