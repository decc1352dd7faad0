-- held for a moment; waited for no longer than lock_timeout
lock table only reading_frame in access exclusive mode;
lock table reading_frame_{day:%Y%m%d} in access exclusive mode
