-- Whether an event meets the filters; NULL: any. Amounts are minor units, one for each number of decimals from 0 on.
-- A part of `event_hits` and `newest_meeting`.
(%(component)s::text IS NULL OR event.component = %(component)s)
AND (%(source)s::text IS NULL OR event.source = %(source)s)
AND (NOT %(corrections)s OR event.is_correction)
AND (%(since)s::timestamptz IS NULL OR event.recorded_at >= %(since)s)
AND (%(until)s::timestamptz IS NULL OR event.recorded_at < %(until)s)
AND (%(currency)s::text IS NULL OR event.currency = %(currency)s)
AND (%(lowest)s::bigint[] IS NULL OR event.fare_minor >= (%(lowest)s::bigint[])[event.exponent + 1])
AND (%(highest)s::bigint[] IS NULL OR event.fare_minor <= (%(highest)s::bigint[])[event.exponent + 1])
