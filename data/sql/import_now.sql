-- the transaction began before the files were read; what it writes is dated after everything that was committed meanwhile
select clock_timestamp()
