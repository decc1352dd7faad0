-- members of the pairs that the touched rows left or joined; the id of a pair is the smallest asset id of its members
with code as (
    select r.kind, r.old_pair_code as pair_code
      from archive_row r
     where r.old_pair_code is not null
     union
    select r.kind, r.attributes ->> 'pair_code'
      from archive_row r
     where r.attributes ->> 'pair_code' is not null
), member as (
    select a.asset_id, min(a.asset_id) over (partition by a.kind, c.pair_code) as pair_id
      from code c
      join asset a
        on a.city_id = $1::smallint and a.kind = c.kind and a.attributes ->> 'pair_code' = c.pair_code and a.valid_to_at is null
)
update asset a
   set pair_id = m.pair_id
  from member m
 where a.city_id = $1::smallint
   and a.asset_id = m.asset_id
   and a.valid_to_at is null
   and a.pair_id is distinct from m.pair_id
