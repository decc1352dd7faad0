-- uploads that have stopped or are invalid: one open alarm each; and those that have come back
with given as (
    select * from unnest($2::int[], $3::text[]) as g (company_id, kind)
), back as (
    update quality_alarm q
       set over_at = now()
      from unnest($4::int[], $5::text[]) as b (company_id, kind)
     where q.city_id = $1 and q.asset_id = b.company_id and q.kind = b.kind and q.check_id is null and q.over_at is null
    returning q.quality_alarm_id
), raised as (
    insert into quality_alarm (city_id, kind, company_id, asset_id)
    select $1, g.kind, g.company_id, g.company_id
      from given g
        on conflict (city_id, asset_id, kind) where check_id is null and over_at is null do nothing
    returning quality_alarm_id
)
select (select count(*) from raised) as raised, (select count(*) from back) as back
