-- all buildings as one value: of each its id, and what tells that its row was written anew (22 bytes): the transaction that wrote
-- it, where it lies, the hash of its content, a hash of its code; whoever writes a row changes one of these
select string_agg(int4send(a.asset_id) || xidsend(a.xmin) || tidsend(a.ctid) || substring(a.row_sha256 for 8)
                  || int4send(hashtext(a.code)), ''::bytea order by a.asset_id)
  from asset a
 where {scope:a} and a.kind = 'building' and a.valid_to_at is null
