select import_id, layer, file, datum as datum_in, datum_out, evidence, operation, accuracy_m, parameters, vertex_count, bounds_in,
       bounds_out, round_trip_max_m, seconds, encode(input_sha256, 'hex') as input_sha256,
       encode(output_sha256, 'hex') as output_sha256, program_version, seat, made_at
  from datum_conversion
 where city_id = $1
 order by made_at desc, import_id desc, layer
 limit $2 offset $3
