"""Tables of arrivals as CSV and XLSX under Chinese headings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Response

from api.answers import PRIVATE
from api.customer_lists import MEDIA
from data.customers import ListFormat
from data.sheets import Cell, csv_bytes, xlsx_bytes

HEAD: Mapping[str, str] = {
    "name": "名称",
    "sources": "数据源（个）",
    "expected": "应到（帧）",
    "received": "实到（帧）",
    "in_time": "及时（帧）",
    "arrival_rate": "到报率",
    "in_time_rate": "及时率",
    "good_rate": "完好率",
    "accepted": "入库（帧）",
    "late": "迟到（帧）",
    "duplicate": "重复（帧）",
    "conflict": "冲突（帧）",
    "values": "数值（个）",
    "bad_values": "无效值（个）",
    "delay_p50_s": "延迟中位数（s）",
    "delay_p95_s": "延迟95%（s）",
    "delay_p99_s": "延迟99%（s）",
    "silent": "中断（个）",
    "never": "从未上报（个）",
    "code": "数据源编码",
    "asset_name": "对象",
    "asset_id": "资产编号",
    "kind": "类别",
    "schema_": "帧模式",
    "period_s": "周期（s）",
    "company_name": "企业",
    "states": "状态",
    "observed_at": "最近观测时间（ms）",
    "received_at": "最近到达时间（ms）",
    "delay_min_s": "最小延迟（s）",
    "delay_mean_s": "平均延迟（s）",
    "delay_max_s": "最大延迟（s）",
}
ROW_COLUMNS = (
    *("name", "sources", "expected", "received", "in_time", "arrival_rate", "in_time_rate", "good_rate", "accepted", "late"),
    *("duplicate", "conflict", "values", "bad_values", "delay_p50_s", "delay_p95_s", "delay_p99_s", "silent", "never"),
)
SOURCE_COLUMNS = (
    *("code", "asset_name", "asset_id", "kind", "schema_", "period_s", "company_name", "states", "observed_at", "received_at"),
    *("expected", "received", "arrival_rate", "accepted", "late", "duplicate", "conflict", "bad_values"),
    *("delay_min_s", "delay_mean_s", "delay_max_s"),
)
_STATE_ZH = {"never": "从未上报", "silent": "中断", "late": "迟报", "incomplete": "不完整", "skewed": "时钟偏差"}


def cell_of(value: Any) -> Cell:
    """Return a value of an answer as a cell; states by their Chinese names."""
    if isinstance(value, list):
        return "、".join(_STATE_ZH.get(str(item), str(item)) for item in value)
    cell: Cell = value
    return cell


def table_file(name: str, form: ListFormat, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Response:
    """Return a table as a file to be saved."""
    body = csv_bytes(head, rows) if form == "csv" else xlsx_bytes(name, head, rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": PRIVATE}
    return Response(body, media_type=MEDIA[form], headers=headers)
