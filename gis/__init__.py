"""Coordinates, datums, reading files, geometry checks. Pure: knows no server and no database."""
