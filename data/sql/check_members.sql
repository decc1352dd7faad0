-- the layer (file > kind) that each building was delivered in last: what an edit wrote belongs to it still
create temporary table check_member on commit drop as
select distinct on (m.asset_id) m.asset_id, coalesce(c.layers[m.layer_no], '') as layer
  from (
        -- two branches: current and past versions have an index each
        select asset_id, change_id, layer_no, version
          from asset
         where city_id = %(city_id)s and kind = 'building' and valid_to_at is null and layer_no is not null
        union all
        select asset_id, change_id, layer_no, version
          from asset
         where city_id = %(city_id)s and kind = 'building' and valid_to_at is not null and layer_no is not null
       ) m
  join archive_change c on c.city_id = %(city_id)s and c.change_id = m.change_id
 order by m.asset_id, m.version desc
