"""Closed days of readings: repacked, archived as Parquet, verified, brought back, filled from files.

See docs/archive-of-readings.md.
"""
