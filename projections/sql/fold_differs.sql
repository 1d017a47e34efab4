-- Fares of the view that are not the fold of their events, computed from type, component and amount alone.
-- Read both sides at one checkpoint: run it inside one REPEATABLE READ transaction, or while nothing is appended.
WITH last_set AS (
    SELECT event.partition, event.booking_id, max(event.version) AS version,
           max(event.version) FILTER (WHERE event.type = 'SET') AS set_version
    FROM ledger.fare_event AS event
    JOIN projection.checkpoint AS checkpoint
      ON checkpoint.partition = event.partition AND checkpoint.projection = 'current_fare'
     AND event.position <= checkpoint.position
    GROUP BY event.partition, event.booking_id
),
moved AS (
    SELECT event.partition, event.booking_id, event.component, last_set.version,
           sum(CASE event.type WHEN 'SUB' THEN -event.amount ELSE event.amount END) AS amount
    FROM last_set
    JOIN ledger.fare_event AS event
      ON event.partition = last_set.partition AND event.booking_id = last_set.booking_id
     AND event.version BETWEEN last_set.set_version AND last_set.version
    GROUP BY event.partition, event.booking_id, event.component, last_set.version
),
folded AS (
    SELECT partition, booking_id, version, sum(amount) AS fare, jsonb_object_agg(component, amount) AS components
    FROM moved
    GROUP BY partition, booking_id, version
),
viewed AS (
    SELECT view.partition, view.booking_id, view.version, view.fare_minor AS fare,
           (SELECT jsonb_object_agg(name, amount)
            FROM unnest(view.components, view.component_amounts) AS pair (name, amount)) AS components
    FROM projection.current_fare AS view
)
SELECT coalesce(folded.booking_id, viewed.booking_id), folded.version, folded.fare, viewed.version, viewed.fare
FROM folded
FULL JOIN viewed ON viewed.partition = folded.partition AND viewed.booking_id = folded.booking_id
WHERE (folded.version, folded.fare, folded.components) IS DISTINCT FROM (viewed.version, viewed.fare, viewed.components)
ORDER BY 1
