-- How many bookings have an event after these positions (one a partition, in order), recorded from `since` on: those
-- events are counted that are their booking's first since then. Of each log at most `most` events are looked at, one in
-- each of so many equal stretches, and stand for the rest. Where in its stretch each lies is by a hash of the place: evenly
-- spaced ones would all be alike where bookings follow a pattern, and random ones would differ each time that one looks.
-- Answers the events, the bookings, and how many events were looked at.
SELECT coalesce(sum(lately.events), 0)::bigint,
       round(coalesce(sum(lately.events * seen.firsts::numeric / nullif(seen.events, 0)), 0))::bigint,
       coalesce(sum(seen.events), 0)::bigint
FROM ledger.partition_turn AS turn
CROSS JOIN LATERAL (
    SELECT known.after, greatest(0, coalesce(head.position, 0) - known.after) AS events,
           greatest(0, coalesce(head.position, 0) - known.after - 1) / %(most)s + 1 AS length
    FROM (SELECT (%(after)s::bigint[])[turn.partition + 1] AS after) AS known
    LEFT JOIN LATERAL (
        SELECT event.position
        FROM ledger.fare_event AS event
        WHERE event.partition = turn.partition
        ORDER BY event.position DESC
        LIMIT 1
    ) AS head ON true
) AS lately
CROSS JOIN LATERAL (
    SELECT count(*) AS events,
           count(*) FILTER (WHERE before.recorded_at IS NULL OR before.recorded_at < %(since)s) AS firsts
    FROM ledger.fare_event AS event
    -- In the order of versions, so that no other index is taken, by which a long booking would be read whole.
    LEFT JOIN LATERAL (
        SELECT earlier.recorded_at
        FROM ledger.fare_event AS earlier
        WHERE earlier.partition = event.partition AND earlier.booking_id = event.booking_id
          AND earlier.version < event.version
        ORDER BY earlier.version DESC
        LIMIT 1
    ) AS before ON true
    WHERE event.partition = turn.partition
      AND event.position = ANY (ARRAY(
          SELECT least(
              stretch.first + abs(hashint8(stretch.first)::bigint) %% lately.length,
              lately.after + lately.events
          )
          FROM generate_series(
              lately.after + 1, lately.after + lately.events, lately.length
          ) AS stretch (first)
      ))
) AS seen
