select not exists (select from reading_frame_{day:%Y%m%d})
