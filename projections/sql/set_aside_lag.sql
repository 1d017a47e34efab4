-- What each view lacks because it was set aside: bookings, events up to the checkpoint, the oldest event's time.
SELECT aside.projection, count(DISTINCT (aside.partition, aside.booking_id)), count(event.position),
       min(event.recorded_at)
FROM projection.set_aside AS aside
LEFT JOIN projection.checkpoint AS checkpoint
  ON checkpoint.partition = aside.partition AND checkpoint.projection = aside.projection
LEFT JOIN ledger.fare_event AS event
  ON event.partition = aside.partition AND event.booking_id = aside.booking_id
 AND event.position BETWEEN aside.position AND checkpoint.position
GROUP BY aside.projection
