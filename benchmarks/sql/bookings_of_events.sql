-- Bookings %(first)s to %(last)s of a made-up ledger, five events each, written at once and in the order in which they
-- would have been appended: positions go on from each log's end, later bookings come later. Hashes are only of the
-- right size. One booking in twenty-five is corrected; each customer has twenty bookings, one has five in a hundred of
-- all. For a superuser.
WITH booking AS (
    SELECT number,
           'BK-' || md5(number::text) AS booking_id,
           ledger.partition_of_v1('BK-' || md5(number::text)) AS partition,
           CASE WHEN number %% 20 = 7 THEN 'JPY' WHEN number %% 20 IN (3, 11) THEN 'MYR' ELSE 'SGD' END AS currency,
           CASE WHEN number %% 20 = 7 THEN 0 ELSE 2 END AS exponent,
           800 + number * 7919 %% 3000 AS base,
           CASE WHEN number %% 20 = 0 THEN 0 ELSE number / 20 + 1 END AS customer,
           timestamptz '2026-01-01 00:00:00+00' + number * interval '3 seconds' AS began
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS number
),
change AS (
    SELECT booking.*, moved.*, row_number() OVER (
               PARTITION BY booking.partition ORDER BY booking.number, moved.version
           ) AS place
    FROM booking
    CROSS JOIN LATERAL (
        VALUES
            (1, 'SET', 'base_fare', 'pricing', base, base, base, ARRAY[base]),
            (2, 'ADD', 'toll', 'tolls', 250, 250, base + 250, ARRAY[base, 250]),
            (3, 'ADD', 'waiting_fee', 'waiting', number %% 40 * 10, number %% 40 * 10, base + 250 + number %% 40 * 10,
             ARRAY[base, 250, number %% 40 * 10]),
            (4, 'SUB', 'promo', 'promotions', 300, -300, base - 50 + number %% 40 * 10,
             ARRAY[base, 250, number %% 40 * 10, -300]),
            (5, 'ADD', 'tip', CASE WHEN number %% 25 = 0 THEN 'support' ELSE 'pricing' END, 200, 200,
             base + 150 + number %% 40 * 10, ARRAY[base, 250, number %% 40 * 10, -300, 200])
    ) AS moved (version, type, component, source, amount, change, fare, component_amounts)
)
INSERT INTO ledger.fare_event (
    partition, position, schema, booking_id, version, transaction_id, type, component, currency, exponent, amount, fare,
    change, components, component_amounts, allow_negative, source, origin, corrects_version, correction_id, recorded_at,
    metadata, salt, content_digest, hash
)
SELECT change.partition,
       change.place + coalesce((
           SELECT position FROM ledger.fare_event AS last
           WHERE last.partition = change.partition ORDER BY position DESC LIMIT 1
       ), 0),
       1, change.booking_id, change.version, md5(change.booking_id || change.version)::uuid, change.type,
       change.component, change.currency, change.exponent, change.amount, change.fare, change.change,
       (ARRAY['base_fare', 'toll', 'waiting_fee', 'promo', 'tip'])[:change.version], change.component_amounts, false,
       change.source, CASE WHEN change.source = 'support' THEN 'correction' ELSE 'api' END,
       CASE WHEN change.source = 'support' THEN 4 END,
       CASE WHEN change.source = 'support' THEN md5('C' || change.number)::uuid END,
       change.began + change.version * interval '10 milliseconds',
       CASE WHEN change.version = 1
            THEN json_build_object('customer_ref', 'CUST-' || change.customer, 'order_ref', 'ORD-' || change.number)
            ELSE '{"service":"pricing","zone":12}'::json END,
       sha256('salt'), sha256('content'), sha256('event')
FROM change
ORDER BY change.partition, change.place
