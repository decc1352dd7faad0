insert into datum_conversion (
    city_id, import_id, layer, file, input_sha256, output_sha256, datum, datum_out, evidence, operation, accuracy_m, parameters,
    vertex_count, bounds_in, bounds_out, round_trip_max_m, seconds, program_version, seat, made_at, sketch, sketch_level
)
values (
    %(city_id)s, %(import_id)s, %(layer)s, %(file)s, %(input_sha256)s, %(output_sha256)s, %(datum_in)s, %(datum_out)s, %(evidence)s,
    %(operation)s, %(accuracy_m)s, %(parameters)s, %(vertex_count)s, %(bounds_in)s::double precision[],
    %(bounds_out)s::double precision[], %(round_trip_max_m)s, %(seconds)s, %(program_version)s, %(seat)s, clock_timestamp(),
    %(sketch)s::bigint[], %(sketch_level)s
)
