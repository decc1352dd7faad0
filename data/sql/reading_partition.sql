-- attached, not made as a partition: that would wait for every reader (a running backup reads for minutes), and all that
-- come after would wait behind it.
-- A day only grows until it is closed: vacuuming it each time a fifth has come reads it over and over and frees nothing;
-- its BRIN index is filled as the pages are, not by the vacuum that does not come
do $$
begin
  if to_regclass('reading_frame_{day:%Y%m%d}') is null then
    create table reading_frame_{day:%Y%m%d} (like reading_frame including all) with (autovacuum_vacuum_insert_threshold = -1);
    alter index reading_frame_{day:%Y%m%d}_observed_at_idx set (autosummarize = on);
    alter table reading_frame attach partition reading_frame_{day:%Y%m%d}
      for values from ('{day:%Y-%m-%d} 00:00:00+00') to ('{next_day:%Y-%m-%d} 00:00:00+00');
  end if;
end
$$
