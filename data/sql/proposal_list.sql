-- proposals about assets that the caller sees (also retired ones, by their last version), the newest first
select p.proposal_id, p.asset_id, p.version, p.name, p.attributes, p.retire, p.seat, p.seat_id, p.reason, p.proposed_at, p.state,
       p.decided_by, p.decided_at, p.decision_reason, p.change_id, sha256(p.geom::bytea) as geom_key,
       st_asgeojson(case when $6::double precision is null then p.geom
                         else st_snaptogrid(p.geom, 0, 0, $6, $7::double precision) end, 8) as geometry,
       encode(st_asewkb(p.geom), 'hex') as ewkb, a.kind, a.code, a.version as present_version, count(*) over () as total
  from proposal p
  join asset a
    on a.city_id = p.city_id and a.asset_id = p.asset_id
   and a.version = (select max(m.version) from asset m where m.city_id = p.city_id and m.asset_id = p.asset_id)
 where {scope:a}
   and ($5::text is null or p.state = $5::text)
   and ($8::int is null or p.asset_id = $8::int)
   and ($9::int is null or p.proposal_id = $9::int)
 order by p.proposal_id desc
 limit $10 offset $11
