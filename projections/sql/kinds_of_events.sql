-- The components and the sources that events have had, in pairs: goes from pair to pair, however many events have one.
WITH RECURSIVE kind AS (
    (
        SELECT event.component, event.source
        FROM projection.event_search AS event
        ORDER BY event.component, event.source
        LIMIT 1
    )
    UNION ALL
    SELECT later.component, later.source
    FROM kind
    CROSS JOIN LATERAL (
        SELECT event.component, event.source
        FROM projection.event_search AS event
        WHERE (event.component, event.source) > (kind.component, kind.source)
        ORDER BY event.component, event.source
        LIMIT 1
    ) AS later
)
SELECT component, source FROM kind LIMIT %(most)s
