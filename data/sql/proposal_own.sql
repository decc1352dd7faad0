-- whether the asset is the caller's own: a company's Scope shows what nobody owns, but that is not its to change
select exists (
        select 1 from asset a
         where {scope:a} and a.asset_id = $5::int and a.valid_to_at is null
           and ($4::int[] is null or a.company_id = any($4::int[]))
       )
