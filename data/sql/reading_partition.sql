create table if not exists reading_frame_{day:%Y%m%d} partition of reading_frame
for values from ('{day:%Y-%m-%d} 00:00:00+00') to ('{next_day:%Y-%m-%d} 00:00:00+00')
