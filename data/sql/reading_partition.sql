-- attached, not made as a partition: that would wait for every reader (a running backup reads for minutes), and all that
-- come after would wait behind it
do $$
begin
  if to_regclass('reading_frame_{day:%Y%m%d}') is null then
    create table reading_frame_{day:%Y%m%d} (like reading_frame including all);
    alter table reading_frame attach partition reading_frame_{day:%Y%m%d}
      for values from ('{day:%Y-%m-%d} 00:00:00+00') to ('{next_day:%Y-%m-%d} 00:00:00+00');
  end if;
end
$$
