alter table reading_frame detach partition reading_frame_{day:%Y%m%d};
drop table reading_frame_{day:%Y%m%d};
drop function reading_late_{day:%Y%m%d}();
drop table reading_late_{day:%Y%m%d};
alter table reading_packed_{day:%Y%m%d} rename to reading_frame_{day:%Y%m%d};
alter index reading_packed_{day:%Y%m%d}_pkey rename to reading_frame_{day:%Y%m%d}_pkey;
alter index reading_packed_{day:%Y%m%d}_observed_at_idx rename to reading_frame_{day:%Y%m%d}_observed_at_idx;
alter table reading_frame attach partition reading_frame_{day:%Y%m%d}
for values from ('{day:%Y-%m-%d} 00:00:00+00') to ('{next_day:%Y-%m-%d} 00:00:00+00');
alter table reading_frame_{day:%Y%m%d} drop constraint reading_day
