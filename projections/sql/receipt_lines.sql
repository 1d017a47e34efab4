-- What each component adds to a booking's fare at a version, and what corrections of it do, with the first
-- descriptions. The fare begins at its latest SET: what was before it no longer counts.
WITH counted AS (
    SELECT event.version, event.component, event.description,
           event.correction_id IS NOT NULL AS corrects,
           CASE event.type WHEN 'SET' THEN event.amount ELSE event.change END AS moved,
           count(event.description) OVER (
               PARTITION BY event.component, event.correction_id IS NOT NULL
               ORDER BY event.version
           ) AS nth
    FROM ledger.fare_event AS event
    WHERE event.partition = %(partition)s AND event.booking_id = %(booking_id)s
      AND event.version <= %(version)s
      AND event.version >= (
          SELECT latest.version FROM ledger.fare_event AS latest
          WHERE latest.partition = %(partition)s AND latest.booking_id = %(booking_id)s
            AND latest.version <= %(version)s AND latest.type = 'SET'
          ORDER BY latest.version DESC
          LIMIT 1
      )
)
SELECT component, corrects, sum(moved)::bigint, count(*)::integer,
       coalesce(
           json_agg(json_build_array(description, moved) ORDER BY version)
               FILTER (WHERE description IS NOT NULL AND nth <= %(details)s),
           '[]'
       )
FROM counted
GROUP BY component, corrects
ORDER BY corrects, min(version)
