-- parent, owner and district of the rows that are written and, when assets have changed, of all stored ones;
-- the owner is that of the substation, else of the parent; the district is where the row stands, else that of the parent
create temporary table register_link on commit drop as
with parent as (
    -- a code that several kinds have means the kind that comes first
    select distinct on (p.kind, k.code) p.kind, k.code, k.asset_id, a.area_id, a.company_id
      from unnest(%(kinds)s::text[], %(references)s::text[]) with ordinality as p (kind, reference, rank)
      join asset_key k on k.city_id = %(city_id)s and k.kind = p.reference
      join asset a on a.city_id = k.city_id and a.asset_id = k.asset_id and a.valid_to_at is null
     order by p.kind, k.code, p.rank
), station as (
    select k.code, a.area_id, a.company_id
      from asset_key k
      join asset a on a.city_id = k.city_id and a.asset_id = k.asset_id and a.valid_to_at is null
     where k.city_id = %(city_id)s and k.kind = 'substation'
), target as (
    select kind, row_id, geom, attributes
      from register_new
     where status <> 'unchanged'
     union all
    select r.kind, r.row_id, r.geom, r.attributes
      from register_row r
     where %(stale)s
       and r.city_id = %(city_id)s
       and not exists (
            select 1 from register_new n where n.kind = r.kind and n.row_id = r.row_id and n.status <> 'unchanged'
           )
)
select t.kind, t.row_id, parent.asset_id,
       coalesce(station.company_id, parent.company_id) as company_id,
       coalesce(here.area_id, parent.area_id, station.area_id) as area_id
  from target t
  join (select distinct * from unnest(%(kinds)s::text[], %(attributes)s::text[])) as c (kind, attribute) on c.kind = t.kind
  left join parent on parent.kind = t.kind and parent.code = t.attributes ->> c.attribute
  left join station on station.code = t.attributes ->> 'substation_code'
  left join lateral (
        select i.area_id
          from register_area i
         where t.geom is not null
           and st_intersects(i.geom, t.geom)
         order by i.area_id
         limit 1
       ) here on true
