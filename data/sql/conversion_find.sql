-- conversions that moved something and whose result shares vertices with a layer, the latest first
select city_id, import_id, layer, datum, datum_out, seat, made_at, output_sha256, sketch, sketch_level
  from datum_conversion
 where (output_sha256 = %(sha256)s or sketch && %(hashes)s::bigint[])
   and input_sha256 <> output_sha256
   and (bounds_in is null or bounds_in <> bounds_out)
 order by made_at desc
 limit 50
