-- Adds the references that the metadata of a page's events names. The metadata is json, read as such: it need not be
-- castable to jsonb, and is NULL where it was erased. CASE, so that only values under the right keys are looked at.
INSERT INTO :"schema".booking_search (partition, booking_id, key, value)
SELECT %(partition)s, event.booking_id, item.key, item.value #>> '{}'
FROM :page AS event
CROSS JOIN LATERAL json_each(event.metadata) AS item
WHERE CASE WHEN item.key = ANY (%(keys)s) THEN
          json_typeof(item.value) IN ('string', 'number')
          AND length(item.value #>> '{}') BETWEEN 1 AND %(max_length)s
      END
ON CONFLICT DO NOTHING
