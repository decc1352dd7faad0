"""The tables of CJ/T 545-2021 that are exchanged, as the platform requirements print them (3.5.2).

`tests/api/test_exchange.py` holds fields, types, lengths and codes against our copy of the data dictionary. Field names are the
capital pinyin initials of the standard and no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from twin.code_lists import FACILITY_TYPE, MEASURING_DEVICE_STATE, MEASURING_DEVICE_TYPE, MONITORED_ITEM

Kind: TypeAlias = Literal["str", "int", "float", "datetime"]

ZONE: Final = ZoneInfo("Asia/Shanghai")
"""Times of the exchange have no zone: they are Beijing time."""
TIME_FORM: Final = "%Y-%m-%d %H:%M:%S"
_TIME_LENGTH: Final = 19
_LARGEST_INT: Final = 2**53

_FACILITY: Final = tuple(FACILITY_TYPE.codes)
_DEVICE: Final = tuple(MEASURING_DEVICE_TYPE.codes)
_ITEM: Final = tuple(MONITORED_ITEM.codes)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a table.

    Attributes
    ----------
    code
        Its name in an exchange: pinyin initials.
    label_zh
        Its printed name.
    kind
        Type of its value.
    length
        Longest text in bytes, 0 = not stated.
    required
        M of the standard; the others may be left out, null or empty.
    codes
        The only texts it takes; empty = any.
    extension
        It is not printed in this table: ours (data contents may be extended, 3.5.2).
    exact
        It has exactly `length` characters.
    """

    code: str
    label_zh: str
    kind: Kind
    length: int
    required: bool = True
    codes: tuple[str, ...] = ()
    extension: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: name, group, printed title, clause of the platform requirements, fields in their order."""

    name: str
    group: str
    label_zh: str
    clause: str
    fields: tuple[Field, ...]

    def field(self, code: str) -> Field | None:
        """Return the field of that code."""
        return next((item for item in self.fields if item.code == code), None)


_TABLES: Final = (
    Table(
        "monitoring_point",
        "basic",
        "监测点位",
        "3.5.2 1)",
        (
            Field("BSM", "标识码", "str", 20, exact=True),
            Field("SSLXDM", "设施类型代码", "str", 64, codes=_FACILITY),
            Field("SSMC", "设施名称", "str", 128),
            Field("SZJD", "所在街道", "str", 256),
            Field("DWLX", "点位类型", "str", 40),
            Field("DWDM", "点位代码", "str", 20),
            Field("DWMC", "点位名称", "str", 64),
            Field("JCWZ", "监测位置", "str", 200, required=False),
            Field("GC", "高程", "str", 64, required=False),
            Field("GCJZ", "高程基准", "str", 64, required=False),
            Field("ZBX", "坐标X", "float", 0, required=False),
            Field("ZBY", "坐标Y", "float", 0, required=False),
            Field("SZSSDM", "市政设施代码", "str", 64, required=False, extension=True),
        ),
    ),
    Table(
        "monitoring_device",
        "basic",
        "监测设备",
        "3.5.2 4)",
        (
            Field("BSM", "标识码", "str", 20, exact=True),
            Field("DWBSM", "点位标识码", "str", 20),
            Field("SBLX", "设备类型", "str", 64, codes=_DEVICE),
            Field("SBDM", "设备代码", "str", 32),
            Field("SBMC", "设备名称", "str", 64),
            Field("SBCSXX", "设备厂商信息", "str", 256, required=False),
            Field("SBXH", "设备型号", "str", 128, required=False),
            Field("AZWZ", "安装位置", "str", 200),
            Field("SZQY", "所在区域", "str", 64),
            Field("SZJD", "所在街道", "str", 64),
            Field("XDGD", "相对高度", "str", 64, required=False),
            Field("AZSJ", "安装时间", "datetime", 0),
            Field("SBLY", "设备来源", "str", 64, required=False),
            Field("JCX", "监测项", "str", 128, codes=_ITEM),
            Field("CJPL", "采集频率", "str", 64),
            Field("SCPL", "上传频率", "str", 64),
            Field("GDFS", "供电方式", "str", 64),
            Field("ZCSXSJ", "注册上线时间", "datetime", 0),
            Field("SBZT", "设备状态", "str", 16, codes=tuple(MEASURING_DEVICE_STATE.codes)),
        ),
    ),
    Table(
        "monitoring_item_threshold",
        "basic",
        "监测项阈值",
        "3.5.2 5)",
        (
            Field("BSM", "标识码", "str", 20, exact=True),
            Field("JCSBLX", "监测设备类型", "str", 64, codes=_DEVICE),
            Field("JCSBDM", "监测设备代码", "str", 32),
            Field("JCXDM", "监测项代码", "str", 32, codes=_ITEM),
            Field("YJBJYZ", "一级报警阈值", "str", 128),
            Field("EJBJYZ", "二级报警阈值", "str", 128),
            Field("SJBJYZ", "三级报警阈值", "str", 128),
        ),
    ),
    Table(
        "device_realtime_reading",
        "realtime",
        "设备实时监测",
        "3.5.2 6)",
        (
            Field("BSM", "标识码", "str", 20),
            Field("SSLXDM", "设施类型代码", "str", 20, codes=_FACILITY),
            Field("SZSSDM", "市政设施代码", "str", 64),
            Field("SSMC", "设施名称", "str", 128),
            Field("DWBSM", "点位标识码", "str", 20),
            Field("JCXDM", "监测项代码", "str", 32, codes=_ITEM),
            Field("JCXZ", "监测项值", "float", 0),
            Field("JCSBSJ", "监测上报时间", "datetime", 0),
            Field("JCXMS", "监测项描述", "str", 256),
        ),
    ),
)
TABLES: Final[Mapping[str, Table]] = {table.name: table for table in _TABLES}


def read_value(field: Field, value: Any) -> tuple[Any, str]:
    """Return a value as its type has it, and what is wrong with it (empty: nothing); null and empty text are None.

    Numbers may come as text, since `where` and many senders have nothing else.
    """
    if value is None or value == "":
        return None, ""
    if isinstance(value, bool | list | dict):
        return None, "it must be a text or a number"
    match field.kind:
        case "str":
            return _text(field, value)
        case "int" | "float":
            return _number(field, value)
        case "datetime":
            return _time(value)


def _text(field: Field, value: Any) -> tuple[str | None, str]:
    text = str(value)
    if any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in text):
        return None, "it holds a character that no text may hold"
    # two bytes a Chinese character: four bytes are printed for words of two, so the length is not that of UTF-8
    size = len(text.encode("gb18030"))
    if field.length and size > field.length:
        return None, f"it has {size} bytes in GB 18030; at most {field.length} are taken"
    if field.exact and len(text) != field.length:
        return None, f"it has {len(text)} characters; it must have {field.length}"
    if field.codes and text not in field.codes:
        return None, f"it must be one of {', '.join(field.codes)}"
    return text, ""


def _number(field: Field, value: Any) -> tuple[float | int | None, str]:
    try:
        if not isinstance(value, int | float | str) or (isinstance(value, str) and (len(value) > 40 or "_" in value)):
            raise ValueError
        number = float(value)
    except (ValueError, OverflowError):
        return None, "it must be a number"
    if field.kind == "int":
        if not number.is_integer() or abs(number) > _LARGEST_INT:
            return None, "it must be a whole number"
        return int(number), ""
    if not -1e300 < number < 1e300:
        return None, "it must be a finite number"
    return number, ""


def _time(value: Any) -> tuple[datetime | None, str]:
    text = str(value)
    try:
        if len(text) != _TIME_LENGTH or not text.isascii():
            raise ValueError
        return datetime.strptime(text, TIME_FORM).replace(tzinfo=ZONE).astimezone(UTC), ""
    except (ValueError, OverflowError):
        return None, "it must be a time such as 2019-04-19 12:00:00 (Beijing time)"


def shown_time(at: datetime) -> str:
    """Return a time as the exchange writes it."""
    return at.astimezone(ZONE).strftime(TIME_FORM)
