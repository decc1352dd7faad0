-- the first row of a code counts; later ones are removed and reported
with numbered as (
    select ctid as place,
           row_number() over (partition by kind, code order by layer_no, row_no) as number
      from register_stage
), gone as (
    delete from register_stage s
     using numbered n
     where n.number > 1
       and s.ctid = n.place
 returning s.layer_no, s.row_no, s.kind, s.code
)
select layer_no, row_no, kind || ' ' || code
  from gone
 order by layer_no, row_no
