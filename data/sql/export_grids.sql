-- the parameters by which a city's deliveries in local or old datums were converted last
select distinct on (datum) datum, parameters
  from datum_conversion
 where city_id = %(city_id)s and parameters <> '{}'::jsonb
 order by datum, made_at desc
