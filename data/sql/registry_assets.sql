-- the visible assets that entries of a registration name: by id ($5), or by kind ($6) and code ($7)
select w.place, a.asset_id
from unnest($5::int[], $6::text[], $7::text[]) with ordinality as w (asset_id, kind, code, place)
join asset a on a.asset_id = w.asset_id
where w.asset_id is not null and {scope:a} and a.valid_to_at is null
union all
select w.place, a.asset_id
from unnest($5::int[], $6::text[], $7::text[]) with ordinality as w (asset_id, kind, code, place)
join asset a on a.kind = w.kind and a.code = w.code
where w.asset_id is null and {scope:a} and a.valid_to_at is null
