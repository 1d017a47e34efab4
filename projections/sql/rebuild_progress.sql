-- How far a rebuild has got: position by partition, partitions compared, seconds from its beginning to its last page.
SELECT coalesce(
           jsonb_object_agg(checkpoint.partition, checkpoint.position)
               FILTER (WHERE checkpoint.projection = %(projection)s),
           '{}'
       )::json,
       count(*) FILTER (WHERE checkpoint.projection = %(mark)s),
       extract(epoch FROM max(checkpoint.moved_at) FILTER (WHERE checkpoint.projection = %(projection)s)
               - %(began)s)::double precision
FROM projection_next.checkpoint AS checkpoint
WHERE checkpoint.partition = ANY (%(partitions)s) AND checkpoint.projection IN (%(projection)s, %(mark)s)
