"""What the routes of notification ask and answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.notice_quality import quality_lines, quality_text
from api.notices.messages import unit_of_line
from data.notices import AlarmLine, DeliveryRow, NoticeRule, Popup, StoredSubscription, Told, list_lines
from data.pool import Pool
from data.quality_alarms import QualityPopup
from twin.notices.model import Channel, Digest, Format, Lang, Subscription
from twin.scope import Scope

_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
_RULE = "secondary_supply_temperature_low"


class WantedModel(BaseModel):
    """Which alarms; an empty list = any."""

    groups: list[str] = Field(
        default_factory=list, max_length=5, description="company, plant_branch, heat_source, substation, heat_user.",
        examples=[["substation"]],
    )  # fmt: skip
    kinds: list[str] = Field(default_factory=list, max_length=100, description="Kinds of assets.", examples=[["boiler_house"]])
    areas: list[int] = Field(default_factory=list, max_length=500, description="Districts (asset ids).", examples=[[3]])
    companies: list[int] = Field(default_factory=list, max_length=500, description="Owners (asset ids).", examples=[[1]])
    levels: list[int] = Field(default_factory=list, max_length=3, examples=[[1, 2]])
    rules: list[str] = Field(default_factory=list, max_length=500, description="Codes of alarm rules.", examples=[[_RULE]])


class StepModel(BaseModel):
    """One step: by what channel, after how many minutes without acknowledgement."""

    channel: Channel = Field(examples=["webhook"])
    after_min: float = Field(0.0, ge=0, le=10_080, description="The first step has 0.", examples=[0])
    to: str = Field("", max_length=1000, description="URL or address of e-mail.", examples=["https://hook.example.cn/heat"])
    seat_id: int | None = Field(None, ge=1, le=2**31 - 1, description="Whose screen or device, for web and push.")
    level: int = Field(3, ge=1, le=3, description="Only alarms of this level and more urgent ones.", examples=[3])
    format: Format = Field("json", description="bot = the text message that group robots take (企业微信, 钉钉).")
    digest: Digest = Field("sha256", description="Of the signature.")


class StepEdit(StepModel):
    """A step as somebody writes it."""

    secret: str | None = Field(
        None, max_length=200, description="Signs the webhook; null = as before, empty = not signed.", examples=["s3cret-s3cret"]
    )


class StepShown(StepModel):
    """A step as it is shown: secrets never leave the server."""

    signed: bool


class QuietModel(BaseModel):
    """Quiet hours by the city's clock."""

    first: str = Field(pattern=_CLOCK, examples=["22:00"])
    last: str = Field(pattern=_CLOCK, examples=["06:00"])
    level: int = Field(1, ge=0, le=3, description="This level and more urgent ones come through; 0 = none.", examples=[1])


class _SubscriptionParts(BaseModel):
    name: str = Field(min_length=1, max_length=100, examples=["夜班短信群"])
    enabled: bool = True
    wanted: WantedModel = Field(default_factory=WantedModel)
    quiet: QuietModel | None = None
    most_per_10_min: int = Field(10, ge=1, le=100, description="Most messages of each step; what is over comes as one later.")
    lang: Lang = "zh"
    quality: bool = Field(False, description="Tell of quality alarms too, of the companies of `wanted`, by the first step.")


class SubscriptionEdit(_SubscriptionParts):
    """A subscription as somebody writes it."""

    steps: list[StepEdit] = Field(min_length=1, max_length=6)
    seat_id: int | None = Field(None, ge=1, le=2**31 - 1, description="For whom; null = the caller. Others': administrators.")


class SubscriptionModel(_SubscriptionParts):
    """A subscription as it is stored."""

    subscription_id: int = Field(examples=[2])
    seat_id: int | None = Field(description="Null = for every seat without a web subscription of its own.")
    person: str
    steps: list[StepShown]
    changed_by: str
    changed_at: datetime


class SubscriptionsAnswer(BaseModel):
    """Subscriptions."""

    items: list[SubscriptionModel]


class TestBody(BaseModel):
    """A step to be tried out."""

    step: StepEdit
    lang: Lang = "zh"


class TestAnswer(BaseModel):
    """The message that was made; `/notices/deliveries` tells how it went."""

    notice_id: int


class PopupAlarm(BaseModel):
    """One alarm of a message."""

    alarm_id: int = Field(examples=[7])
    asset_id: int = Field(examples=[12])
    asset_name: str
    asset_kind: str = Field(examples=["substation"])
    rule_code: str = Field(examples=[_RULE])
    rule_zh: str = Field(examples=["二次供水温度过低"])
    rule_en: str = Field(examples=["Secondary supply temperature low"])
    level: int = Field(examples=[1])
    value: float = Field(examples=[31.5])
    limit_value: float = Field(examples=[35.0])
    unit: str = Field(examples=["degC"])
    raised_at: datetime
    active: bool
    advice_zh: str = Field(description="What to do (处置建议).")
    advice_en: str
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")


class QualityText(BaseModel):
    """What a message about quality alarms says to its reader."""

    count: int = Field(examples=[2])
    company_id: int | None = Field(examples=[1])
    title_zh: str = Field(examples=["数据质量告警：城北热力 2 项"])
    title_en: str
    body_zh: str = Field(description="One line an alarm.")
    body_en: str


class PopupModel(BaseModel):
    """A message on the screen: the worst of its alarms that are open and not answered, and how many there are."""

    notice_id: int = Field(examples=[5])
    made_at: datetime
    after_min: float = Field(description="More than 0: nobody has acknowledged for so long.")
    level: int = Field(examples=[1])
    total: int = Field(examples=[1])
    alarms: list[PopupAlarm]
    quality: QualityText | None = Field(None, description="Of a message about data quality, which has no alarms.")


class PopupsAnswer(BaseModel):
    """What is still to be answered, oldest message first."""

    items: list[PopupModel]


class ToldModel(BaseModel):
    """A message that the seat was sent; its alarms are those that it may see, the worst ones first."""

    notice_id: int = Field(examples=[5])
    channel: Channel
    step: int
    after_min: float
    state: str = Field(description="queued, sending, sent, given_up.", examples=["sent"])
    made_at: datetime
    sent_at: datetime | None
    level: int = Field(description="0 = a test.")
    total: int
    seen: bool
    alarms: list[PopupAlarm]
    quality: QualityText | None = Field(None, description="Of a message about data quality, which has no alarms.")


class ToldAnswer(BaseModel):
    """What the seat was told, the newest first; `before` = the last `notice_id` gives the next page."""

    items: list[ToldModel]


class SeenBody(BaseModel):
    """What was seen of a message."""

    alarms: list[int] | None = Field(None, max_length=5000, description="Null = all of it.", examples=[[7]])
    again: bool = Field(False, description="False = confirm and do not show again (确认并不再显示).")


class SeenAnswer(BaseModel):
    """Alarms that were marked."""

    alarms: list[int]


class DeliveryModel(BaseModel):
    """A message by webhook, e-mail or push, and how it went."""

    notice_id: int = Field(examples=[5])
    subscription_id: int | None
    subscription: str = Field(description="Its name; empty = a test, or it is gone.")
    step: int
    seat_id: int | None
    channel: Channel
    to: str
    dedup_key: str = Field(description="The same in every repeat.", examples=["1-2-0-7"])
    level: int
    alarms: int = Field(description="How many it tells of.")
    title: str
    state: Literal["queued", "sending", "sent", "given_up"]
    attempts: int
    error: str = Field(description="Of the last try.")
    made_at: datetime
    next_try_at: datetime | None
    sent_at: datetime | None


class DeliveriesAnswer(BaseModel):
    """Messages that leave the page, the newest first."""

    items: list[DeliveryModel]
    total: int


class NoticeChannels(BaseModel):
    """Which ways are open."""

    hosts: list[str] = Field(description="Hosts that webhooks and push may reach.")
    email: bool
    push: bool
    push_key: str = Field(description="`applicationServerKey` for the browser.")
    browsers: int = Field(description="Browsers of this seat that take push.")
    outside: bool = Field(description="Whether this seat may send to addresses.")


class PushKeys(BaseModel):
    """Keys of a browser's subscription."""

    p256dh: str = Field(min_length=80, max_length=100)
    auth: str = Field(min_length=20, max_length=40)


class PushBody(BaseModel):
    """A browser's subscription, as its `toJSON` gives it."""

    endpoint: str = Field(min_length=10, max_length=1000, examples=["https://updates.push.services.mozilla.com/wpush/v2/abc"])
    keys: PushKeys


class PushEndBody(BaseModel):
    """A browser that takes no more push."""

    endpoint: str = Field(min_length=10, max_length=1000)


class NoticeRuleBody(BaseModel):
    """What a rule says to screens and persons."""

    popup: bool = Field(description="Whether it pops up.", examples=[True])
    advice_zh: str = Field("", max_length=1000, examples=["检查一次侧供水与换热器，必要时联系热源调度。"])
    advice_en: str = Field("", max_length=1000)


class NoticeRuleModel(NoticeRuleBody):
    """The same with the rule's name."""

    code: str = Field(examples=[_RULE])
    name_zh: str
    name_en: str
    level: int
    enabled: bool
    changed_by: str
    changed_at: datetime | None


class NoticeRulesAnswer(BaseModel):
    """All alarm rules of a city."""

    items: list[NoticeRuleModel]


# ---------------------------------------------------------------- from the store


def subscription_model(stored: StoredSubscription) -> SubscriptionModel:
    """Return a subscription as shown, without its secrets."""
    given: dict[str, Any] = stored.subscription.as_json()
    for step in given["steps"]:
        step["signed"] = bool(step.pop("secret"))
    names = {"subscription_id": stored.subscription_id, "seat_id": stored.seat_id, "person": stored.person}
    return SubscriptionModel.model_validate(given | names | {"changed_by": stored.seat, "changed_at": stored.changed_at})


def parts_of(edit: SubscriptionEdit) -> dict[str, Any]:
    """Return an edit as `twin.notices.subscription_from_json` reads it; secrets are still as they were written."""
    return edit.model_dump(exclude={"seat_id"})


def kept_secrets(before: Subscription | None) -> dict[str, str]:
    """Return the sealed secret of each address that a subscription has."""
    return {} if before is None else {step.to: step.secret for step in before.steps if step.secret}


def alarm_line(line: AlarmLine) -> PopupAlarm:
    """Return an alarm of a message as sent."""
    place = None if line.lon is None or line.lat is None else (line.lon, line.lat)
    values = {name: getattr(line, name) for name in PopupAlarm.model_fields if hasattr(line, name)}
    return PopupAlarm(**values, unit=unit_of_line(line), position=place)


async def _lines(pool: Pool, scope: Scope, city_id: int, of: Sequence[list[int] | None]) -> dict[int, PopupAlarm]:
    numbers = sorted({number for each in of for number in each or []})
    found = await list_lines(pool, scope, city_id, numbers) if numbers else []
    return {line.alarm_id: alarm_line(line) for line in found}


async def popup_models(pool: Pool, scope: Scope, city_id: int, found: Sequence[Popup]) -> list[PopupModel]:
    """Return messages for the screen with their alarms, in one question."""
    lines = await _lines(pool, scope, city_id, [each.alarms for each in found])
    return [
        PopupModel(
            notice_id=each.notice_id,
            made_at=each.made_at,
            after_min=each.after_min,
            level=each.level,
            total=each.total,
            alarms=[lines[number] for number in each.alarms if number in lines],
            quality=None,
        )
        for each in found
    ]


async def quality_popup_models(
    pool: Pool, scope: Scope, city_id: int, found: Sequence[QualityPopup], *, zone: str
) -> list[PopupModel]:
    """Return messages about data quality for the screen; without those of which the reader sees no alarm."""
    models = []
    for each in found:
        text = await quality_of(pool, scope, city_id, each.quality_alarms, zone=zone)
        if text is not None:
            models.append(
                PopupModel(
                    notice_id=each.notice_id,
                    made_at=each.made_at,
                    after_min=0.0,
                    level=each.level,
                    total=0,
                    alarms=[],
                    quality=text,
                )
            )
    return models


async def quality_of(pool: Pool, scope: Scope, city_id: int, ids: Sequence[int], *, zone: str) -> QualityText | None:
    """Return what a message says of quality alarms to a reader; None = it is about none that he sees."""
    lines = await quality_lines(pool, scope, city_id, ids)
    if not lines:
        return None
    zh, en = quality_text(lines, zone=zone, lang="zh"), quality_text(lines, zone=zone, lang="en")
    return QualityText(
        count=len(lines),
        company_id=lines[0].company_id,
        title_zh=zh.title,
        title_en=en.title,
        body_zh=zh.body,
        body_en=en.body,
    )


async def told_models(pool: Pool, scope: Scope, city_id: int, found: Sequence[Told], *, zone: str) -> list[ToldModel]:
    """Return what a seat was told with the alarms; of messages about data quality those of which it still sees an alarm."""
    lines = await _lines(pool, scope, city_id, [each.alarms for each in found])
    names = [name for name in ToldModel.model_fields if name not in {"alarms", "quality"}]
    models = []
    for each in found:
        text = await quality_of(pool, scope, city_id, each.quality_alarms, zone=zone)
        if each.kind == "quality" and text is None:
            continue
        alarms = [lines[number] for number in each.alarms or [] if number in lines]
        models.append(ToldModel(**{name: getattr(each, name) for name in names}, alarms=alarms, quality=text))
    return models


def delivery_model(row: DeliveryRow) -> DeliveryModel:
    """Return a delivery as shown; a waiting one says when it is tried next."""
    names = [name for name in DeliveryModel.model_fields if name not in {"to", "alarms", "next_try_at"}]
    waits = row.state in {"queued", "sending"}
    return DeliveryModel(
        **{name: getattr(row, name) for name in names},
        to=row.target.get("to", ""),
        alarms=len(row.alarms),
        next_try_at=row.next_try_at if waits else None,
    )


def rule_model(rule: NoticeRule) -> NoticeRuleModel:
    """Return what a rule says, with its name."""
    values = {name: getattr(rule, name) for name in NoticeRuleModel.model_fields if hasattr(rule, name)}
    return NoticeRuleModel(**values, changed_by=rule.seat)
