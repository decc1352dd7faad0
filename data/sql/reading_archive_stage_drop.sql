drop table reading_back
