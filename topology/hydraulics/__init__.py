"""A zone's pressures, temperatures and flows by pandapipes; what if something changes."""
