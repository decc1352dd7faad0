-- of ClickHouse: frames of one schema by their keys, sources and times side by side
select source_id, toUnixTimestamp64Milli(observed_at), delay_s, gauges, totals, quality
from reading_frame final
where city_id = {city:UInt16} and schema_id = {schema:UInt16}
  and (source_id, toUnixTimestamp64Milli(observed_at)) in
      (select tupleElement(each, 1), tupleElement(each, 2)
         from (select arrayJoin(arrayZip({sources:Array(UInt32)}, {times:Array(Int64)})) as each))
order by source_id, observed_at
format RowBinary
