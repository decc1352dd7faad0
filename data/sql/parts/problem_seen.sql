-- a problem names all its assets: it is shown to those who may see all of them
(
    ($2::text[] is null and $3::int[] is null and $4::int[] is null)
    or not exists (
        select 1
          from asset a
         where a.city_id = p.city_id and a.asset_id = any(p.asset_ids) and a.valid_to_at is null and not {scope:a}
    )
)
