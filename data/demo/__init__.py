"""Seeded generator of a synthetic city, written as files and brought in by the ordinary import."""
