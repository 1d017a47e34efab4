-- The events of some ranges of the feed, one range a partition, as far as they are wanted. `after` and `upto` are
-- arrays with a place for every partition, from 0. `:columns` stands for those of a fare event.
-- (The order and the limit have each range read by the primary key, whatever the planner thinks of how long it is.)
SELECT :columns
FROM ledger.partition_turn AS turn (log)
JOIN LATERAL (
    SELECT event.*
    FROM ledger.fare_event AS event
    WHERE event.partition = turn.log
      AND event.position > (%(after)s::bigint[])[turn.log + 1]
      AND event.position <= (%(upto)s::bigint[])[turn.log + 1]
      AND (%(components)s::text[] IS NULL OR event.component = ANY (%(components)s::text[]))
      AND (%(sources)s::text[] IS NULL OR event.source = ANY (%(sources)s::text[]))
      AND (%(types)s::text[] IS NULL OR event.type = ANY (%(types)s::text[]))
    ORDER BY event.position
    LIMIT %(limit)s
) AS event ON true
WHERE turn.log = ANY (%(partitions)s::smallint[])
