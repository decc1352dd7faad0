-- the current versions of assets that the caller may change
select a.asset_id, a.version
  from asset a
 where {scope:a}
   and a.asset_id = any($5::int[])
   and a.valid_to_at is null
   and ($4::int[] is null or a.company_id is not null)
