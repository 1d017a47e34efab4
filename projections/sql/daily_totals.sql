-- Adds a page's events to the totals of their days. An event counts at its own component. A SET also takes away what
-- the event before it had left in each component; that counts no event. Which rows there are must not depend on how
-- the log is cut into pages, so nothing is left out because it sums to zero.
INSERT INTO :"schema".daily_totals AS total (
    partition, day, currency, exponent, component, source, change, events
)
SELECT %(partition)s, (moved.recorded_at AT TIME ZONE 'UTC')::date AS day, moved.currency, moved.exponent,
       moved.component, moved.source, sum(moved.change), sum(moved.events)
FROM (
    SELECT event.recorded_at, event.currency, event.exponent, event.component, event.source,
           CASE event.type WHEN 'SET' THEN event.amount ELSE event.change END AS change, 1 AS events
    FROM :page AS event
    UNION ALL
    SELECT event.recorded_at, event.currency, event.exponent, replaced.component, event.source,
           -replaced.amount, 0
    FROM :page AS event
    JOIN ledger.fare_event AS before
      ON before.partition = event.partition AND before.booking_id = event.booking_id
     AND before.version = event.version - 1
    CROSS JOIN LATERAL unnest(before.components, before.component_amounts) AS replaced (component, amount)
    WHERE event.type = 'SET' AND event.version > 1 AND replaced.amount <> 0
) AS moved
GROUP BY day, moved.currency, moved.exponent, moved.component, moved.source
ON CONFLICT (partition, day, currency, exponent, component, source) DO UPDATE SET
    change = total.change + excluded.change,
    events = total.events + excluded.events
