-- The totals of some days, summed over the partitions. OFFSET 0, so that each partition's days are a range of its key.
SELECT total.day, total.currency, total.exponent, total.component, total.source,
       sum(total.change), sum(total.events)::bigint
FROM ledger.partition_turn AS turn
CROSS JOIN LATERAL (
    SELECT *
    FROM projection.daily_totals AS of_partition
    WHERE of_partition.partition = turn.partition
      AND of_partition.day BETWEEN %(day_from)s AND %(day_to)s
      AND (%(currency)s::text IS NULL OR of_partition.currency = %(currency)s)
      AND (%(component)s::text IS NULL OR of_partition.component = %(component)s)
      AND (%(source)s::text IS NULL OR of_partition.source = %(source)s)
    OFFSET 0
) AS total
GROUP BY total.day, total.currency, total.exponent, total.component, total.source
ORDER BY total.day, total.currency, total.exponent, total.component, total.source
