-- A page of the bookings of which some view has open drift, in byte order of their ids: the open ones have an index.
SELECT DISTINCT drift.partition, drift.booking_id
FROM public.projections_drift AS drift
WHERE drift.put_right_at IS NULL AND NOT drift.is_expected AND NOT drift.found_again
  AND drift.booking_id ~>~ %(after)s
ORDER BY drift.booking_id USING ~<~
LIMIT %(limit)s
