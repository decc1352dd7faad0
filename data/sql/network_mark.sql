-- transactions from this one on may have written what the snapshot does not show
select pg_snapshot_xmin(pg_current_snapshot())::text
