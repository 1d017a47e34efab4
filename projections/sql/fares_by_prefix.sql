-- A page of fares whose booking id begins with a prefix, and comes after `after`: `low` is the prefix, `high` lies
-- above all ids that begin with it. Compared byte by byte, whatever the database's collation, as the index is.
SELECT fare.*
FROM projection.current_fare AS fare
WHERE fare.booking_id ~>=~ %(low)s
  AND fare.booking_id ~<~ %(high)s
  AND fare.booking_id ~>~ %(after)s
ORDER BY fare.booking_id USING ~<~
LIMIT %(limit)s
