-- values that were flagged for long: a new check each, or one more time of the open one. Not where a person has said of the same
-- value within a day that the flag was false, and not beyond $12 open checks of the rules. A new
-- check is a quality alarm at the same moment.
with given as (
    select *
    from unnest($2::int[], $3::int[], $4::text[], $5::timestamptz[], $6::float8[], $7::smallint[], $8::text[], $9::text[],
                $10::text[], $11::timestamptz[])
        with ordinality as g (asset_id, source_id, point, observed_at, value, flag, rule, why_zh, why_en, last_at, place)
), room as (
    select greatest($12::int - count(*), 0) as free
    from quality_check
    where city_id = $1 and state <> 'closed' and made_by = ''
), wanted as (
    select g.*, row_number() over (order by (q.check_id is null), g.place) as number, q.check_id is not null as known
    from given g
    left join quality_check q
        on q.city_id = $1 and q.source_id = g.source_id and q.point = g.point and q.rule = g.rule and q.state <> 'closed'
    where not exists (
        select 1 from quality_check c
        where c.city_id = $1 and c.source_id = g.source_id and c.point = g.point and c.rule = g.rule
          and c.state = 'closed' and c.verdict = 'right' and c.verdict_at > now() - interval '1 day'
    )
), made as (
    insert into quality_check (city_id, asset_id, source_id, point, observed_at, value, flag, rule, why_zh, why_en, last_at)
    select $1, w.asset_id, w.source_id, w.point, w.observed_at, w.value, w.flag, w.rule, w.why_zh, w.why_en, w.last_at
    from wanted w, room
    where w.known or w.number <= room.free
    on conflict (city_id, source_id, point, rule) where state <> 'closed'
    do update set times = quality_check.times + 1, last_at = excluded.last_at
    returning check_id, asset_id, xmax = 0 as fresh
), raised as (
    insert into quality_alarm (city_id, kind, company_id, asset_id, check_id)
    select $1, 'value', a.company_id, m.asset_id, m.check_id
    from made m
    left join asset a on a.city_id = $1 and a.asset_id = m.asset_id and a.valid_to_at is null
    where m.fresh
)
select check_id from made
