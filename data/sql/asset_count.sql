select count(*)
  from asset a
 where {part:asset_asked}
