insert into proposal (city_id, proposal_id, asset_id, version, name, attributes, geom, retire, seat, seat_id, reason, proposed_at)
select $1::smallint, coalesce(max(p.proposal_id), 0) + 1, $2::int, $3::int, $4::text, $5::text::jsonb, $6::text::geometry,
       $7::boolean, $8::text, $9::int, $10::text, clock_timestamp()
  from proposal p
 where p.city_id = $1::smallint
returning proposal_id
