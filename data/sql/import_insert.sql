insert into asset (
    city_id, asset_id, version, kind, code, name, source_key, company_id, area_id, pair_id, geom, attributes, row_sha256,
    valid_from_at, import_id, change_id, layer_no
)
select %(city_id)s, r.asset_id, r.old_version + 1, r.kind, r.code, r.name, r.source_key,
       company.asset_id,
       case when r.kind = 'district' then r.asset_id else area.area_id end,
       pair.pair_id,
       r.geom, r.attributes, r.sha256, %(at)s, %(import_id)s, %(change_id)s, r.layer_no + 1
  from import_row r
  left join asset_key company
    on company.city_id = %(city_id)s and company.kind = 'company' and company.code = r.attributes ->> 'company_code'
  left join import_pair pair on pair.kind = r.kind and pair.pair_code = r.attributes ->> 'pair_code'
  left join lateral (
        select i.area_id
          from import_area i
         where r.geom is not null
           and r.kind <> 'district'
           and st_intersects(i.geom, st_pointonsurface(st_force2d(r.geom)))
         order by i.area_id
         limit 1
       ) area on true
 where r.status <> 'unchanged'
 order by r.asset_id
