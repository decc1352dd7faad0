"""Notification (告警推送): who is told about which alarms, by what channel, when, and until somebody answers."""

from __future__ import annotations

from twin.notices.model import (
    CHANNELS,
    DEFAULT_SUBSCRIPTION,
    GROUPS,
    AlarmFacts,
    Channel,
    QuietHours,
    Step,
    Subscription,
    Wanted,
    subscription_from_json,
)
from twin.notices.texts import Line, Message, compose, compose_test
from twin.notices.timing import FLOOD, held_until, pause_s, send_at

__all__ = [
    "CHANNELS",
    "DEFAULT_SUBSCRIPTION",
    "FLOOD",
    "GROUPS",
    "AlarmFacts",
    "Channel",
    "Line",
    "Message",
    "QuietHours",
    "Step",
    "Subscription",
    "Wanted",
    "compose",
    "compose_test",
    "held_until",
    "pause_s",
    "send_at",
    "subscription_from_json",
]
