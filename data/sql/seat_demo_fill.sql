-- the seats of the demo switcher: four of the city's heating office and one for each of the first companies and districts
with wanted as (
    select w.login, w.person, w.role, 'city' as type, null::int as city_id, null::int as asset_id, w.organisation, w.position
      from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as w (login, person, role, organisation, position)
    union all
    select format('demo-%s-%s-%s', a.kind, a.city_id, a.code), coalesce(nullif(a.name, ''), a.code),
           case a.kind when 'company' then 'company' else 'viewer' end, a.kind, a.city_id, a.asset_id,
           coalesce(nullif(a.name, ''), a.code), 100 + row_number() over (order by a.kind, a.city_id, a.asset_id)
      from (select *, row_number() over (partition by city_id, kind order by asset_id) as place
              from asset
             where valid_to_at is null and kind in ('company', 'district')) a
     where a.place <= case a.kind when 'company' then 3 else 1 end
), organisations as (
    insert into organisation (city_id, type, asset_id, name)
    select distinct city_id, type, asset_id, organisation from wanted
        on conflict (city_id, type, asset_id, name) do update set name = excluded.name
    returning organisation_id, city_id, type, asset_id, name
), persons as (
    insert into person (login, name)
    select login, person from wanted order by position
        on conflict (login) do update set name = excluded.name
    returning person_id, login
)
insert into seat (person_id, organisation_id, role, demo)
select p.person_id, o.organisation_id, w.role, true
  from wanted w
  join persons p using (login)
  join organisations o
    on (o.city_id, o.type, o.asset_id, o.name) is not distinct from (w.city_id, w.type, w.asset_id, w.organisation)
 order by w.position
    on conflict (person_id, organisation_id, role) do nothing
