"""Readings over MQTT 5: what comes from a broker, who sent it, and a private broker where none is named."""
