-- how many features of one kind ($5) the same request finds on all pages, and between which ids they lie
select count(*) as count, min(a.asset_id) as first_id, max(a.asset_id) as last_id
  from asset a
 where {scope:a}
   and a.kind = $5::text
   and {time}
   and {filter}
