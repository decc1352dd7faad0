"""Ways in of readings: what each has taken, and which messages were refused as a whole."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from api.channels import Channel, Channels
from api.dependencies import CallerDep, CityDep, PoolDep
from data.refusals import list_refusals
from twin.readings import Result

router = APIRouter(tags=["readings"])


class ChannelModel(BaseModel):
    """One way in, counted since the start of the server."""

    name: str = Field(description="http, mqtt or exchange.", examples=["mqtt"])
    connected: bool = Field(description="It can take something now.", examples=[True])
    address: str = Field(description="The broker; never with its password.", examples=["mqtt://127.0.0.1:18883"])
    problem: str = Field(description="Why it cannot; empty when it can.", examples=[""])
    last_message_at: int | None = Field(description="Epoch milliseconds; null = none since the start.", examples=[1795255200000])
    messages: dict[str, int] = Field(
        description="Requests, messages or pushes: `taken`, `put_off` (tried again), else why refused.", examples=[{"taken": 12}]
    )
    frames: dict[Result, int] = Field(description="Their frames by result.", examples=[{"accepted": 5990, "duplicate": 10}])
    reconnects: int = Field(description="Connections to the broker after the first.", examples=[0])
    in_flight_messages: int = Field(description="Messages of the broker that are not acknowledged yet.", examples=[0])
    in_flight_bytes: int = Field(description="Their bytes.", examples=[0])


class ChannelsAnswer(BaseModel):
    """All ways in."""

    channels: list[ChannelModel]


class RefusalModel(BaseModel):
    """A message that was refused as a whole."""

    refused_at: int = Field(description="Epoch milliseconds.", examples=[1795255200000])
    channel: str = Field(examples=["mqtt"])
    sender: str = Field(description="App id or mqtt:<company>; empty = not known.", examples=["mqtt:HC01"])
    topic: str = Field(examples=["heat/1/HC01/frames"])
    reason: str = Field(examples=["malformed"])
    detail: str = Field(description="What was wrong, and what would be right.")
    size: int = Field(description="Bytes of the message.", examples=[17])
    first_bytes: str = Field(description="Its first 200 bytes, hexadecimal.", examples=["7b226672616d6573"])


class RefusalsAnswer(BaseModel):
    """The newest refusals."""

    items: list[RefusalModel]


@router.get("/intake/channels")
async def get_channels(request: Request, caller: CallerDep) -> ChannelsAnswer:
    """Tell of each way in (HTTP, MQTT, exchange) whether it is connected, when something came last, and what became of it."""
    caller.scope.require_layer("readings")
    request.app.state.mqtt.refresh()
    channels: Channels = request.app.state.channels
    return ChannelsAnswer(channels=[_model(channel) for channel in channels.all])


def _model(channel: Channel) -> ChannelModel:
    return ChannelModel(
        name=channel.name,
        connected=channel.connected,
        address=channel.address,
        problem=channel.problem,
        last_message_at=channel.last_ms,
        messages=dict(channel.messages),
        frames={Result(result): count for result, count in channel.frames.items()},
        reconnects=channel.reconnects,
        in_flight_messages=channel.in_flight_messages,
        in_flight_bytes=channel.in_flight_bytes,
    )


@router.get("/intake/refusals")
async def get_refusals(
    caller: CallerDep, city: CityDep, pool: PoolDep, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> RefusalsAnswer:
    """List messages that were refused as a whole, newest first, with their reason and first bytes; a company sees its own."""
    caller.scope.require_layer("readings")
    return RefusalsAnswer(
        items=[
            RefusalModel(
                refused_at=int(one.refused_at.timestamp() * 1000),
                channel=one.channel,
                sender=one.sender,
                topic=one.topic,
                reason=one.reason,
                detail=one.detail,
                size=one.size,
                first_bytes=one.first_bytes.hex(),
            )
            for one in await list_refusals(pool, caller.scope, city, limit=limit)
        ]
    )
