-- Logs whose positions, and bookings whose versions, do not count from 1 without gaps.
SELECT 'partition ' || partition, count(*), max(position)
FROM ledger.fare_event
GROUP BY partition
HAVING min(position) <> 1 OR count(*) <> max(position)
UNION ALL
SELECT 'booking ' || booking_id, count(*), max(version)
FROM ledger.fare_event
GROUP BY partition, booking_id
HAVING min(version) <> 1 OR count(*) <> max(version)
