insert into datum_conversion (
    city_id, import_id, layer, input_sha256, output_sha256, datum, evidence, operation, accuracy_m, vertex_count, round_trip_max_m
)
values (
    %(city_id)s, %(import_id)s, %(layer)s, %(input_sha256)s, %(output_sha256)s, %(datum)s, %(evidence)s, %(operation)s,
    %(accuracy_m)s, %(vertex_count)s, %(round_trip_max_m)s
)
