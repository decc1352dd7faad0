"""Which one place explains many alarms."""
