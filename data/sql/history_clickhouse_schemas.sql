-- of ClickHouse: schemas of the frames of some sources (none given = all) from start up to (not with) end
select distinct schema_id
from reading_frame
where city_id = {city:UInt16} and (empty({sources:Array(UInt32)}) or source_id in {sources:Array(UInt32)})
  and observed_at >= fromUnixTimestamp64Milli({start:Int64}) and observed_at < fromUnixTimestamp64Milli({end:Int64})
order by schema_id
format RowBinary
