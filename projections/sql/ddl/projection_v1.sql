-- The read side's schema belongs to the application role, which rebuilds its tables without the owner.
-- The owner only makes it, acting as the application from here on.

CREATE SCHEMA projection AUTHORIZATION :"application";
SET LOCAL ROLE :"application";

-- How far a projection has got in a partition; moves in the transaction that moves the view.
CREATE TABLE projection.checkpoint (
    projection  text        NOT NULL,
    partition   smallint    NOT NULL,
    position    bigint      NOT NULL DEFAULT 0 CHECK (position >= 0),
    ledger_id   uuid        NOT NULL,
    epoch       integer     NOT NULL,
    moved_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (partition, projection)
);

RESET ROLE;
