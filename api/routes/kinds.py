"""The catalogue of asset kinds, for forms: what an attribute is called, its type, unit and codes."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.dependencies import CallerDep
from twin.kinds import KINDS, Kind, kind_of

router = APIRouter(tags=["assets"])


class KindAttributeModel(BaseModel):
    """One attribute that assets of a kind may carry."""

    name: str = Field(examples=["dn"])
    type: str = Field(description="text, integer, number, boolean, date, code", examples=["integer"])
    label_zh: str = Field(examples=["公称直径 DN"])
    unit: str = Field(examples=["mm"])
    codes: dict[str, str] = Field(description="For type code: each value with its meaning.", examples=[{}])
    source: str = Field(description="Standard and element or clause; empty where none names it.", examples=["GB/T 36625.5-2019"])
    reference: str = Field(description="Kind of asset that the value names by code; empty for none.", examples=[""])
    required: bool = Field(description="True: an asset without it is a problem.", examples=[False])


class AssetKindModel(BaseModel):
    """One kind of asset."""

    kind: str = Field(examples=["pipe"])
    name_zh: str = Field(examples=["管线"])
    geometry: str = Field(description="point, line, polygon, any, none", examples=["line"])
    attributes: list[KindAttributeModel]


class KindsAnswer(BaseModel):
    """The kinds of the catalogue."""

    kinds: list[AssetKindModel]


@router.get("/kinds")
async def get_kinds(_: CallerDep) -> KindsAnswer:
    """List all kinds of asset with the attributes that each may carry."""
    return KindsAnswer(kinds=[_model(kind) for kind in KINDS.values()])


@router.get("/kinds/{kind}")
async def get_kind(_: CallerDep, kind: str) -> AssetKindModel:
    """Show one kind of asset with the attributes that it may carry."""
    return _model(kind_of(kind))


def _model(kind: Kind) -> AssetKindModel:
    attributes = [
        KindAttributeModel(
            name=attribute.name,
            type=attribute.type,
            label_zh=attribute.label_zh,
            unit=attribute.unit,
            codes=dict(attribute.codes),
            source=attribute.source,
            reference=attribute.reference,
            required=attribute.required,
        )
        for attribute in kind.attributes
    ]
    return AssetKindModel(kind=kind.name, name_zh=kind.name_zh, geometry=kind.geometry, attributes=attributes)
