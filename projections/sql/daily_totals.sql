-- Adds a page's events to the totals of their days. An event counts at its own component. A SET also takes away what
-- the event before it had left in each component; that counts no event. Which rows there are must not depend on how
-- the log is cut into pages, so nothing is left out because it sums to zero. The event before is looked up in the order of
-- versions, so that no other index is taken, by which a long booking would be read whole for each of its events.
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
    CROSS JOIN LATERAL (
        SELECT earlier.components, earlier.component_amounts
        FROM ledger.fare_event AS earlier
        WHERE earlier.partition = event.partition AND earlier.booking_id = event.booking_id
          AND earlier.version < event.version
        ORDER BY earlier.version DESC
        LIMIT 1
    ) AS before
    CROSS JOIN LATERAL unnest(before.components, before.component_amounts) AS replaced (component, amount)
    WHERE event.type = 'SET' AND event.version > 1 AND replaced.amount <> 0
) AS moved
GROUP BY day, moved.currency, moved.exponent, moved.component, moved.source
ON CONFLICT (partition, day, currency, exponent, component, source) DO UPDATE SET
    change = total.change + excluded.change,
    events = total.events + excluded.events
