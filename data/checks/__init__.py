"""Checks of a whole city, the table of problems, and repairs."""

from __future__ import annotations
