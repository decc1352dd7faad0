"""Flow and pressure of a zone, fast enough to be solved once for each segment."""
