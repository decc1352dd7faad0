-- of ClickHouse: the newest frame of some sources; their schemas first
select schema_id, source_id, toUnixTimestamp64Milli(observed_at)
from reading_frame final
where city_id = {city:UInt16} and source_id in {sources:Array(UInt32)}
order by source_id, observed_at desc
limit 1 by source_id
format RowBinary
