"""Points of reading frames.

What one is (`model`), the table of those that ship (`telemetry.csv`, read by `table`), and which schema each kind of asset
reports by (`reporting`).
"""
