-- Where rebuilds happen, beside the live tables in `projection`:
--   projection_next    a rebuild's tables, with checkpoints of their own, until they are swapped in
--   projection_old     the tables that the last swap took out, until the next rebuild
--   projection_check   the drift monitor's: filled, compared, rolled back
-- Tables move between them as they are, so a name is the same everywhere.

CREATE SCHEMA projection_next AUTHORIZATION :"application";
CREATE SCHEMA projection_old AUTHORIZATION :"application";
CREATE SCHEMA projection_check AUTHORIZATION :"application";
SET LOCAL ROLE :"application";

-- The version of the projector that the tables are of: another one's page must not move them.
ALTER TABLE projection.checkpoint ADD COLUMN version text NOT NULL DEFAULT '1';
CREATE TABLE projection_next.checkpoint (LIKE projection.checkpoint INCLUDING ALL);

-- Bookings whose events a projector could not take: left out from `position` on, until they are folded anew.
CREATE TABLE projection.set_aside (
    projection   text        NOT NULL,
    partition    smallint    NOT NULL,
    booking_id   text        NOT NULL,
    position     bigint      NOT NULL,
    error        text        NOT NULL,
    traceback    text        NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT now(),
    tries        integer     NOT NULL DEFAULT 1,
    PRIMARY KEY (partition, projection, booking_id)
);
CREATE TABLE projection_next.set_aside (LIKE projection.set_aside INCLUDING ALL);

RESET ROLE;
