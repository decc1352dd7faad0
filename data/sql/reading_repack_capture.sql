-- from this commit on every frame that comes into the day is noted too; the trigger waits for writers at work, not for readers
create table reading_late_{day:%Y%m%d} (like reading_frame);
create function reading_late_{day:%Y%m%d}() returns trigger language plpgsql as $late$
begin
  insert into reading_late_{day:%Y%m%d} (city_id, schema_id, source_id, observed_at, delay_s, payload)
  values (new.city_id, new.schema_id, new.source_id, new.observed_at, new.delay_s, new.payload);
  return null;
end
$late$;
create trigger reading_late after insert on reading_frame_{day:%Y%m%d}
for each row execute function reading_late_{day:%Y%m%d}()
