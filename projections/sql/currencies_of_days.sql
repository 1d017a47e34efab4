-- The currencies of the totals of some days, the most usual first: goes from one to the next along the key.
SELECT money.currency
FROM ledger.partition_turn AS turn
CROSS JOIN LATERAL (
    WITH RECURSIVE each_one AS (
        (
            SELECT total.day, total.currency
            FROM projection.daily_totals AS total
            WHERE total.partition = turn.partition AND total.day BETWEEN %(day_from)s AND %(day_to)s
            ORDER BY total.day, total.currency
            LIMIT 1
        )
        UNION ALL
        SELECT later.day, later.currency
        FROM each_one
        CROSS JOIN LATERAL (
            SELECT total.day, total.currency
            FROM projection.daily_totals AS total
            WHERE total.partition = turn.partition AND total.day <= %(day_to)s
              AND (total.day, total.currency) > (each_one.day, each_one.currency)
            ORDER BY total.day, total.currency
            LIMIT 1
        ) AS later
    )
    SELECT each_one.currency FROM each_one
) AS money
GROUP BY money.currency
ORDER BY count(*) DESC, money.currency
