-- What those of a booking's events come to, up to a version, that had occurred before a time: the first and the last of
-- them, how many, whether a SET is among them, and the breakdown in the order in which components first appeared.
-- The fold begins at their latest SET; without one, the sums are of what the others added and took off.
WITH met AS (
    SELECT event.version, event.type, event.component,
           CASE event.type WHEN 'SET' THEN event.amount ELSE event.change END AS moved
    FROM ledger.fare_event AS event
    WHERE event.partition = %(partition)s AND event.booking_id = %(booking_id)s
      AND event.version <= %(version)s
      AND coalesce(event.occurred_at, event.recorded_at) < %(occurred_before)s
), span AS (
    SELECT min(version) AS first, max(version) AS last, count(*) AS events,
           max(version) FILTER (WHERE type = 'SET') AS latest_set
    FROM met
), sums AS (
    SELECT met.component, sum(met.moved) AS amount, min(met.version) AS appeared
    FROM met CROSS JOIN span
    WHERE met.version >= coalesce(span.latest_set, 1)
    GROUP BY met.component
)
SELECT span.first, span.last, span.events, span.latest_set IS NOT NULL,
       ARRAY(SELECT component FROM sums ORDER BY appeared),
       ARRAY(SELECT amount FROM sums ORDER BY appeared)
FROM span
