-- The columns of a table in order: name, type, place in the primary key (NULL: not in it), whether it is generated.
SELECT attribute.attname, pg_catalog.format_type(attribute.atttypid, attribute.atttypmod),
       array_position(key.indkey::int2[], attribute.attnum), attribute.attgenerated <> ''
FROM pg_catalog.pg_namespace AS namespace
JOIN pg_catalog.pg_class AS class ON class.relnamespace = namespace.oid
JOIN pg_catalog.pg_attribute AS attribute ON attribute.attrelid = class.oid
LEFT JOIN pg_catalog.pg_index AS key ON key.indrelid = class.oid AND key.indisprimary
WHERE namespace.nspname = %(schema)s AND class.relname = %(table)s
  AND attribute.attnum > 0 AND NOT attribute.attisdropped
ORDER BY attribute.attnum
