copy served_building (
    city_id, asset_id, substation_id, source_id, supplier_id, estate_id, evidence, inside, heated_area_m2, company_id, area_id
) from stdin
