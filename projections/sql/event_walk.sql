-- The next events in the order of an index, no more than are to be examined. A part of `event_hits` and `walk_end`.
SELECT event.*
FROM projection.event_search AS event
WHERE :which
  AND (%(since)s::timestamptz IS NULL OR event.recorded_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR event.recorded_at < %(until)s)
  AND :after
ORDER BY :order
LIMIT %(examined)s
