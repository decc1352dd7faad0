copy coverage (
    city_id, of_kind, asset_id, kind, code, name, state, served_count, inside_count, heated_area_m2, agreement, outside_ids,
    foreign_ids, unserved_ids, company_id, area_id, declared_geom, served_geom
) from stdin
