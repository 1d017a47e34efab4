-- The currencies that fares are in, each with its number of decimals: goes from one to the next.
WITH RECURSIVE money AS (
    (
        SELECT event.currency, event.exponent
        FROM projection.event_search AS event
        ORDER BY event.currency, event.exponent
        LIMIT 1
    )
    UNION ALL
    SELECT later.currency, later.exponent
    FROM money
    CROSS JOIN LATERAL (
        SELECT event.currency, event.exponent
        FROM projection.event_search AS event
        WHERE (event.currency, event.exponent) > (money.currency, money.exponent)
        ORDER BY event.currency, event.exponent
        LIMIT 1
    ) AS later
)
SELECT currency, exponent FROM money
