-- assets that differ between the state after change $5 and the state after change $6; ids and how they differ, of a page,
-- and the counts of all; a row written outside every change counts as there from the beginning
with touched as (
    select a.asset_id from asset a where a.city_id = $1 and a.change_id > $5::int and a.change_id <= $6::int
     union
    select a.asset_id from asset a where a.city_id = $1 and a.ended_by > $5::int and a.ended_by <= $6::int
), pair as materialized (
    select t.asset_id, b.version as old_version, n.version as new_version,
           case when b.asset_id is null then 'added' when n.asset_id is null then 'retired' else 'changed' end as status
      from touched t
      left join asset b
        on b.asset_id = t.asset_id and coalesce(b.change_id, 0) <= $5::int and (b.ended_by is null or b.ended_by > $5::int)
       and {scope:b} and ($7::text[] is null or b.kind = any($7::text[]))
      left join asset n
        on n.asset_id = t.asset_id and coalesce(n.change_id, 0) <= $6::int and (n.ended_by is null or n.ended_by > $6::int)
       and {scope:n} and ($7::text[] is null or n.kind = any($7::text[]))
     where (b.asset_id is not null or n.asset_id is not null)
       and b.row_sha256 is distinct from n.row_sha256
)
select (select count(*) from pair where status = 'added') as added,
       (select count(*) from pair where status = 'changed') as changed,
       (select count(*) from pair where status = 'retired') as retired,
       array(select p.asset_id from pair p order by p.asset_id limit $8 offset $9) as asset_ids,
       array(select p.old_version from pair p order by p.asset_id limit $8 offset $9) as old_versions,
       array(select p.new_version from pair p order by p.asset_id limit $8 offset $9) as new_versions
