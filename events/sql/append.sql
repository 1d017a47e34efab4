SELECT * FROM ledger.append_v1(
    %s::smallint, %s::text, %s::text, %s::text, %s::text,
    %s::text[], %s::uuid[], %s::integer[], %s::text[], %s::text[], %s::numeric[], %s::text[], %s::smallint[],
    %s::boolean[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::integer[], %s::uuid[]
)
