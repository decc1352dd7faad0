-- visible assets of the kinds that several of the 23 layers become ($5), by the attribute that tells these apart ($6)
select a.kind, coalesce(a.attributes ->> p.part, '') as part, count(*) as asset_count
  from asset a
  join unnest($5::text[], $6::text[]) as p (kind, part) on p.kind = a.kind
 where {scope:a} and a.valid_to_at is null
 group by a.kind, 2
