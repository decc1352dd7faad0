-- every asset that change $2 touched, as it was before: its former version, or gone when the change had brought it
insert into archive_row
select last.asset_id, last.version, last.valid_to_at is null, former.asset_id is null, last.kind, last.code,
       coalesce(former.name, last.name), coalesce(former.source_key, last.source_key),
       case when former.asset_id is null then last.geom else former.geom end, coalesce(former.attributes, last.attributes),
       last.row_sha256, coalesce(last.delivered_sha256, last.row_sha256), null,
       case when former.asset_id is null then last.company_id else former.company_id end,
       case when former.asset_id is null then last.area_id else former.area_id end,
       case when former.asset_id is null then last.pair_id else former.pair_id end,
       last.company_id, last.area_id, last.attributes ->> 'pair_code',
       coalesce(former.geom is not null, false), coalesce(former.attributes ? 'company_code', false)
  from (
        select w.asset_id, max(w.version) as version
          from (
                select a.asset_id, a.version from asset a where a.city_id = $1::smallint and a.change_id = $2::int
                 union all
                select a.asset_id, a.version from asset a where a.city_id = $1::smallint and a.ended_by = $2::int
               ) w
         group by w.asset_id
       ) t
  join asset last on last.city_id = $1::smallint and last.asset_id = t.asset_id and last.version = t.version
  left join (
        select * from asset a where a.city_id = $1::smallint and a.ended_by = $2::int
       ) former on former.asset_id = t.asset_id
