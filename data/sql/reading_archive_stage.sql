create temp table reading_back (like reading_frame) on commit drop
