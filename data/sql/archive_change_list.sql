-- changes, newest first; a restricted caller, or one who asks for kinds, sees those that touched such an asset
select c.change_id, c.made_at, c.seat, c.reason, c.origin, c.source, c.import_id, c.reverts, c.layers, c.counts,
       count(*) over () as total
  from archive_change c
 where c.city_id = $1
   and ($5::timestamptz is null or c.made_at >= $5::timestamptz)
   and ($6::timestamptz is null or c.made_at <= $6::timestamptz)
   and ($7::text is null or c.origin = $7::text)
   and ($8::text is null or c.seat ilike $8::text)
   and ($10::int is null or c.change_id = $10::int)
   and (
        ($2::text[] is null and $3::int[] is null and $4::int[] is null and $9::text[] is null)
        -- the first row is enough; as `exists` the planner would hash every asset of the city
        or (select true from asset a
             where {scope:a} and a.change_id = c.change_id and ($9::text[] is null or a.kind = any($9::text[]))
             limit 1)
        or (select true from asset a
             where {scope:a} and a.ended_by = c.change_id and ($9::text[] is null or a.kind = any($9::text[]))
             limit 1)
       )
 order by c.change_id desc
 limit $11 offset $12
