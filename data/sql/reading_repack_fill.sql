-- sorted, with the indexes made afterwards; the check spares the attachment a scan under its lock
create table reading_packed_{day:%Y%m%d} (like reading_frame including defaults including comments including storage);
insert into reading_packed_{day:%Y%m%d} (city_id, schema_id, source_id, observed_at, delay_s, payload)
select f.city_id, f.schema_id, f.source_id, f.observed_at, f.delay_s, f.payload
from reading_frame_{day:%Y%m%d} f
where (f.city_id, f.schema_id) not in (select v.city_id, v.schema_id from (values {archived}) as v (city_id, schema_id))
order by f.city_id, f.source_id, f.observed_at;
alter table reading_packed_{day:%Y%m%d} add primary key (city_id, source_id, observed_at);
create index on reading_packed_{day:%Y%m%d} using brin (observed_at);
alter table reading_packed_{day:%Y%m%d} add constraint reading_day check (
  observed_at is not null
  and observed_at >= timestamptz '{day:%Y-%m-%d} 00:00:00+00' and observed_at < timestamptz '{next_day:%Y-%m-%d} 00:00:00+00');
analyze reading_packed_{day:%Y%m%d}
