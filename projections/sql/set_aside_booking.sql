-- Puts a booking on the list, or its newest error; the position stays that of the first event left out.
INSERT INTO :"schema".set_aside AS aside (projection, partition, booking_id, position, error, traceback)
VALUES (%(projection)s, %(partition)s, %(booking_id)s, %(position)s, %(error)s, %(traceback)s)
ON CONFLICT (partition, projection, booking_id) DO UPDATE SET
    position = least(aside.position, excluded.position),
    error = excluded.error,
    traceback = excluded.traceback,
    tries = aside.tries + 1
