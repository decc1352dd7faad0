"""Incidents (事件): open alarms folded under the places that explain them; states, floods of alarms, fault statistics."""
