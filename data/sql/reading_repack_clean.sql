-- what a repack that was killed has left
do $$
begin
  if to_regclass('reading_late_{day:%Y%m%d}') is not null then
    drop trigger if exists reading_late on reading_frame_{day:%Y%m%d};
    drop function if exists reading_late_{day:%Y%m%d}();
    drop table reading_late_{day:%Y%m%d};
  end if;
  drop table if exists reading_packed_{day:%Y%m%d};
end
$$
