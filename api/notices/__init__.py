"""Channels of notification: where a message may go, and how it gets there."""
