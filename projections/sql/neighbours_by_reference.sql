-- The bookings before and after one, in byte order of their ids, that name the same value under the same key.
SELECT
    (
        SELECT other.booking_id
        FROM projection.booking_search AS other
        WHERE other.value = %(value)s AND other.booking_id ~<~ %(booking_id)s AND other.key = %(key)s
        ORDER BY other.booking_id USING ~>~
        LIMIT 1
    ),
    (
        SELECT other.booking_id
        FROM projection.booking_search AS other
        WHERE other.value = %(value)s AND other.booking_id ~>~ %(booking_id)s AND other.key = %(key)s
        ORDER BY other.booking_id USING ~<~
        LIMIT 1
    )
