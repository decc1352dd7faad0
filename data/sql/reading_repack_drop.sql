-- a day without a frame left
alter table reading_frame detach partition reading_frame_{day:%Y%m%d};
drop table reading_frame_{day:%Y%m%d}
