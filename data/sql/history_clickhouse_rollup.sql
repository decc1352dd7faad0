-- of ClickHouse: buckets of one schema. gauge_places and total_places: places of the slots among the points, from 1.
-- Buckets of at most an hour lie on UTC; longer ones on the clock of the zone, back in UTC by the offset where they begin
with
    toUnixTimestamp64Milli(observed_at) as at_ms,
    intDiv(at_ms, 1000) as at_s,
    if({every:Int64} > 3600, timezoneOffset(toTimeZone(observed_at, {zone:String})), 0) as offset_s,
    intDiv(at_s + offset_s, {every:Int64}) * {every:Int64} as local_s,
    if({every:Int64} > 3600, timezoneOffset(toTimeZone(toDateTime(local_s - offset_s, 'UTC'), {zone:String})), 0) as begun_offset_s,
    arrayMap(place -> quality[place], {gauge_places:Array(UInt16)}) as gauge_quality,
    arrayMap(place -> quality[place], {total_places:Array(UInt16)}) as total_quality,
    arrayMap((value, flag) -> flag <= 2 and not isNaN(value), gauges, gauge_quality) as gauge_good,
    arrayMap((value, flag) -> flag <= 2 and not isNaN(value), totals, total_quality) as total_good,
    arrayMap((value, good) -> if(good, toNullable(value), null), gauges, gauge_good) as counted,
    arrayMap(good -> if(good, at_ms, -1), total_good) as known_ms
select
    source_id,
    toInt64((local_s - begun_offset_s) * 1000) as start_ms,
    toInt32(count()) as frames,
    arrayMap(value -> toFloat32(ifNull(value, nan)), minForEach(counted)) as least,
    arrayMap(value -> toFloat32(ifNull(value, nan)), maxForEach(counted)) as greatest,
    arrayMap(value -> toFloat32(ifNull(value, nan)), avgForEach(counted)) as mean,
    arrayMap(n -> toInt32(n), sumForEach(gauge_good)) as gauge_count,
    arrayMap((value, n) -> toFloat64(if(n > 0, value, nan)), argMaxForEach(totals, known_ms), sumForEach(total_good)) as last,
    arrayMap(n -> toInt32(n), sumForEach(total_good)) as total_count,
    maxForEach(quality) as worst
from reading_frame final
where city_id = {city:UInt16} and (empty({sources:Array(UInt32)}) or source_id in {sources:Array(UInt32)})
  and observed_at >= fromUnixTimestamp64Milli({start:Int64}) and observed_at < fromUnixTimestamp64Milli({end:Int64})
  and schema_id = {schema:UInt16}
group by source_id, start_ms
order by source_id, start_ms
format RowBinary
