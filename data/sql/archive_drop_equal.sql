-- rows that would stay as they are: equal content of a current asset, or a retired asset that is to be retired
delete from archive_row r
 where (not r.retire and r.current and r.row_sha256 = r.old_sha256)
    or (r.retire and not r.current)
