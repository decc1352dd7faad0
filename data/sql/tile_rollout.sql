-- areas of the rollout with their present figures; the levels come as their zooms do: districts and zones, townships, villages
-- $10: area kinds, $11: what an outline is, $12: retrofit types, $13: energies in the order of their codes
with {part:tile_grid}, asked as materialized (
    select a.area_id, a.district_id, a.township_id, a.geom_3857, a.point_3857,
           array_position($10::text[], a.kind) as kind, array_position($11::text[], a.outline) as outline, nullif(a.name, '') as name,
           {part:rollout_shown}
      from tile t
      join rollout_area a on a.geom_3857 && t.reach or a.point_3857 && t.reach
      left join lateral (
           select {part:rollout_figures}
             from rollout_sum s
            where s.city_id = a.city_id and s.area_id = a.area_id and s.year = 0
           ) f on true
     where {part:rollout_seen}
       and a.kind = any($10::text[])
       and $5::int >= case a.kind when 'township' then 7 when 'village' then 10 else 5 end
), rows as (
    select a.area_id, a.district_id, a.township_id, a.kind, a.outline, a.name, a.type, a.energy, a.stage, a.marker, a.households, a.target,
           a.finished, a.permanent, a.completion, a.installation, a.rate, a.target_rate, a.heat_share, a.electric_share, a.air_share,
           a.biomass_share, a.gas_share, a.solar_share, a.devices, a.tickets, a.tickets_before, a.open_tickets, a.handling,
           a.satisfaction, a.supplier_satisfaction, a.answers,
           -- two units of a tile are not seen; simplified after the rounding, so that rounded rows give the same tile
           st_asmvtgeom(st_simplify({drawn:a.geom_3857}, 2 * (st_xmax(t.bounds) - st_xmin(t.bounds)) / 4096, true), t.bounds, 4096, 64, true)
               as geom
      from tile t, asked a
     where a.geom_3857 && t.reach
     order by a.kind, a.area_id
), named as (
    -- a name stands once, in the tile that holds its point
    select p.*, st_asmvtgeom(p.point, t.bounds, 4096, 0, true) as geom
      from tile t
      join lateral (
           select a.area_id, a.district_id, a.township_id, a.kind, a.outline, a.name, a.type, a.energy, a.stage, a.marker, a.households,
                  a.target, a.finished, a.permanent, a.completion, a.installation, a.rate, a.target_rate, a.heat_share,
                  a.electric_share, a.air_share, a.biomass_share, a.gas_share, a.solar_share, a.devices, a.tickets, a.tickets_before,
                  a.open_tickets, a.handling, a.satisfaction, a.supplier_satisfaction, a.answers,
                  {drawn:a.point_3857} as point
             from asked a
            where a.point_3857 is not null
           ) p on p.point && t.bounds
), placed as (
    select area_id, district_id, township_id, kind, outline, name, type, energy, stage, marker, households, target, finished, permanent,
           completion, installation, rate, target_rate, heat_share, electric_share, air_share, biomass_share, gas_share, solar_share,
           devices, tickets, tickets_before, open_tickets, handling, satisfaction, supplier_satisfaction, answers, geom
      from named
     order by kind, area_id
)
select (select coalesce(st_asmvt(rows, 'area', 4096, 'geom', 'area_id'), '') from rows where geom is not null)
    || (select coalesce(st_asmvt(placed, 'area_name', 4096, 'geom', 'area_id'), '') from placed)
