"""Readings as files: past seasons brought in from CSV and Parquet, and series written out again.

See docs/archive-of-readings.md.
"""
