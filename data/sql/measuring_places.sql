-- the visible assets that the rows of $5 name: place in the list, asset
select w.place, a.asset_id, a.kind
from jsonb_to_recordset($5::jsonb) as w (place int, asset_id int, kind text, code text)
join asset a on a.city_id = $1 and a.valid_to_at is null and a.asset_id = w.asset_id
where {scope:a}
union all
select w.place, a.asset_id, a.kind
from jsonb_to_recordset($5::jsonb) as w (place int, asset_id int, kind text, code text)
join asset a on a.city_id = $1 and a.valid_to_at is null and a.kind = w.kind and a.code = w.code
where {scope:a} and w.asset_id is null
