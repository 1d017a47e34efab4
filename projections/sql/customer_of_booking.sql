-- The customer that a booking names; of several, the first in byte order.
SELECT named.key, named.value
FROM projection.booking_search AS named
WHERE named.partition = %(partition)s AND named.booking_id = %(booking_id)s AND named.key = ANY (%(keys)s)
ORDER BY named.key, named.value
LIMIT 1
