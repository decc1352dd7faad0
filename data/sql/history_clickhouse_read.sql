-- of ClickHouse: frames of one schema of some sources (none given = all) from start up to (not with) end
select source_id, toUnixTimestamp64Milli(observed_at), delay_s, gauges, totals, quality
from reading_frame final
where city_id = {city:UInt16} and (empty({sources:Array(UInt32)}) or source_id in {sources:Array(UInt32)})
  and observed_at >= fromUnixTimestamp64Milli({start:Int64}) and observed_at < fromUnixTimestamp64Milli({end:Int64})
  and schema_id = {schema:UInt16}
order by source_id, observed_at
limit {limit:UInt64}
format RowBinary
