-- what a scope may see: kinds $2, districts $3, companies $4 (and what has no owner)
select q.day, q.company_id, q.kind, q.code, sum(q.counted)::bigint as counted, sum(q.lost) as lost
from quality_day q
where q.city_id = $1 and q.day >= $5::date and q.day <= $6::date
    and ($2::text[] is null or q.kind = any($2::text[]))
    and ($3::int[] is null or q.area_id = any($3::int[]))
    and ($4::int[] is null or q.company_id = 0 or q.company_id = any($4::int[]))
group by q.day, q.company_id, q.kind, q.code
order by q.day, q.company_id, q.kind, q.code
