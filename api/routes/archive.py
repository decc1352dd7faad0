"""The archive: versions of an asset, changes, what differs between two times; editing, retiring, restoring, taking back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.dependencies import Caller, CallerDep, CityDep, PoolDep
from api.errors import BadRequest
from api.routes.assets import AssetIdPath
from data.archive import apply_edits, restore_version, revert_change
from data.changes import (
    Change,
    ChangedAsset,
    ChangeFilter,
    ChangeNote,
    StateDifference,
    Version,
    assets_of_change,
    difference_between,
    list_changes,
    read_change,
    read_history,
)
from data.editing import Wish, prepare_edit
from data.errors import NotFound
from data.pool import Pool
from twin.differences import Difference
from twin.kinds import kind_of

router = APIRouter(tags=["archive"])

Status = Literal["added", "changed", "retired"]
Origin = Literal["import", "edit", "repair", "restore", "approval"]
ChangeIdPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="Number of the change within the city.", examples=[3])]
Reason = Annotated[str, Field(min_length=1, max_length=2000, description="Why; kept with the change.", examples=["现场复测"])]
KindsQuery = Annotated[list[str] | None, Query(description="Kinds of the catalogue; several allowed.", examples=[["pipe"]])]
LimitQuery = Annotated[int, Query(ge=1, le=500)]
OffsetQuery = Annotated[int, Query(ge=0, le=10_000_000)]
FromQuery = Annotated[
    AwareDatetime | None, Query(alias="from", description="ISO time with zone.", examples=["2026-11-01T00:00:00Z"])
]
ToQuery = Annotated[AwareDatetime | None, Query(alias="to", description="ISO time with zone.", examples=["2026-12-01T00:00:00Z"])]


# ---------------------------------------------------------------- models


class ChangeNoteModel(BaseModel):
    """Who changed something, when, why, how and from what."""

    model_config = ConfigDict(from_attributes=True)

    change_id: int = Field(examples=[3])
    made_at: datetime
    seat: str = Field(description="Person, organisation and login.", examples=["王工 (市供热办, wang)"])
    reason: str = Field(examples=["现场复测"])
    origin: Origin = Field(examples=["edit"])
    source: str = Field(description="File > kind of an import, proposal, version, rule.", examples=["pipes.gpkg > pipe"])


class DifferenceModel(BaseModel):
    """One field that differs."""

    field: str = Field(description="`name`, `source_key`, `geometry` or an attribute.", examples=["dn"])
    label_zh: str = Field(examples=["公称直径 DN"])
    before: Any = Field(description="null = it had no value; of `geometry` GeoJSON.", examples=[400])
    after: Any = Field(description="null = it has no value.", examples=[500])


class VersionModel(BaseModel):
    """One version of an asset."""

    version: int = Field(examples=[2])
    valid_from_at: datetime
    valid_to_at: datetime | None = Field(description="null = current")
    change: ChangeNoteModel | None = Field(description="What wrote it; null for rows written without a change.")
    ended_by: ChangeNoteModel | None = Field(description="What retired the asset, where no version follows at once.")
    differences: list[DifferenceModel] = Field(description="Against the version before.")


class HistoryAnswer(BaseModel):
    """The versions of an asset, newest first."""

    asset_id: int
    versions: list[VersionModel]


class ChangeModel(ChangeNoteModel):
    """A change with the assets that it touched, as far as the caller sees them."""

    import_id: int | None = Field(description="The import that it was, for `GET /jobs` and the ledger of conversions.")
    reverts: int | None = Field(description="The change that it takes back.")
    added: int = Field(examples=[0])
    changed: int = Field(examples=[1])
    retired: int = Field(examples=[0])


class ChangesAnswer(BaseModel):
    """A page of changes, newest first."""

    total: int
    items: list[ChangeModel]


class ChangedAssetModel(BaseModel):
    """One asset that differs."""

    asset_id: int
    kind: str
    code: str
    name: str
    status: Status
    differences: list[DifferenceModel]


class StateDifferenceAnswer(BaseModel):
    """What differs between two states: counts of all assets, and a page of them by rising id."""

    added: int
    changed: int
    retired: int
    items: list[ChangedAssetModel]


class ChangeAnswer(ChangeModel):
    """A change and a page of the assets that it touched."""

    layers: list[str] = Field(description="Layers of an import.")
    items: list[ChangedAssetModel]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EditBody(_Body):
    """What shall become of an asset; what is left out stays as it is."""

    name: str | None = Field(None, max_length=4000, description="null or left out = as it is", examples=["北干线"])
    attributes: dict[str, str | int | float | bool | None] = Field(
        default_factory=dict, description="Merged into the asset's; null removes one.", examples=[{"dn": 500, "material": "钢"}]
    )
    geometry: dict[str, Any] | None = Field(None, description="GeoJSON geometry, WGS-84; null = as it is", examples=[None])
    version: int | None = Field(
        None, ge=1, le=2**31 - 1, description="The version that you have seen: 409 when the asset has moved on.", examples=[1]
    )
    reason: Reason

    def wish(self) -> Wish:
        """Return it for the store."""
        return Wish(self.name, self.attributes, self.geometry)


class ReasonBody(_Body):
    """Why."""

    reason: Reason


class RetireBody(ReasonBody):
    """The asset is no longer there."""

    version: int | None = Field(None, ge=1, le=2**31 - 1, description="The version that you have seen.", examples=[1])


class RestoreBody(ReasonBody):
    """Make the asset what one of its versions was."""

    version: int = Field(ge=1, le=2**31 - 1, description="The version to restore.", examples=[1])
    seen: int | None = Field(None, ge=1, le=2**31 - 1, description="The version that you have seen.", examples=[2])


class EditedAnswer(BaseModel):
    """The change that was made. Tiles and 3D follow within seconds: `GET /refresh`."""

    change_id: int = Field(examples=[4])
    asset_id: int | None = Field(description="The asset; null for a change taken back.", examples=[12])
    version: int | None = Field(description="Its version now; null when it is retired.", examples=[2])


# ---------------------------------------------------------------- reading


@router.get("/assets/{asset_id}/history")
async def get_history(
    *, asset_id: AssetIdPath, caller: CallerDep, city: CityDep, pool: PoolDep, limit: LimitQuery = 100, offset: OffsetQuery = 0
) -> HistoryAnswer:
    """List the versions of an asset, newest first: who changed what, when, why, from what. Retired assets have theirs too."""
    versions = await read_history(pool, caller.scope, city, asset_id, limit=limit, offset=offset)
    return HistoryAnswer(asset_id=asset_id, versions=[_version(version) for version in versions])


@router.get("/changes")
async def get_changes(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    from_at: FromQuery = None,
    to_at: ToQuery = None,
    origin: Annotated[Origin | None, Query(description="How it came about.")] = None,
    seat: Annotated[str | None, Query(max_length=200, description="Part of who made it.", examples=["王工"])] = None,
    kind: KindsQuery = None,
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> ChangesAnswer:
    """List the changes of the archive, newest first; imports are changes too."""
    wanted = ChangeFilter(from_at, to_at, origin, seat or None, _kinds(kind))
    total, changes = await list_changes(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    return ChangesAnswer(total=total, items=[ChangeModel(**_change(change)) for change in changes])


@router.get("/changes/difference")
async def get_difference(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    from_at: Annotated[AwareDatetime, Query(alias="from", description="ISO time with zone.", examples=["2026-11-01T00:00:00Z"])],
    to_at: Annotated[AwareDatetime, Query(alias="to", description="ISO time with zone.", examples=["2026-12-01T00:00:00Z"])],
    kind: KindsQuery = None,
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> StateDifferenceAnswer:
    """Tell what differs between two times: assets added, changed, retired; what changed and came back is no difference."""
    if from_at > to_at:
        raise BadRequest(f"from is {from_at.isoformat()}, which is after to = {to_at.isoformat()}; turn them round")
    kinds = _kinds(kind)
    return _difference(
        await difference_between(pool, caller.scope, city, from_at, to_at, kinds=kinds, limit=limit, offset=offset)
    )


@router.get("/changes/{change_id}")
async def get_change(
    *,
    change_id: ChangeIdPath,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    kind: KindsQuery = None,
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> ChangeAnswer:
    """Show one change and what it did to each asset."""
    change = await read_change(pool, caller.scope, city, change_id)
    found = await assets_of_change(pool, caller.scope, city, change_id, kinds=_kinds(kind), limit=limit, offset=offset)
    return ChangeAnswer(**_change(change), layers=list(change.layers), items=[_asset(item) for item in found.items])


# ---------------------------------------------------------------- writing


@router.patch("/assets/{asset_id}")
async def patch_asset(
    *, request: Request, asset_id: AssetIdPath, body: EditBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> EditedAnswer:
    """Edit an asset in the name of the caller's seat; the version before stays. 409 when somebody else was faster."""
    return await _edit(request, pool, caller, city, asset_id, wish=body.wish(), body=body)


@router.post("/assets/{asset_id}/retire")
async def retire_asset(
    *, request: Request, asset_id: AssetIdPath, body: RetireBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> EditedAnswer:
    """Retire an asset: it is no longer there, its versions stay; `restore` brings it back."""
    return await _edit(request, pool, caller, city, asset_id, wish=Wish(retire=True), body=body)


@router.post("/assets/{asset_id}/restore")
async def restore_asset(
    *, request: Request, asset_id: AssetIdPath, body: RestoreBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> EditedAnswer:
    """Make an asset, current or retired, what one of its versions was, as a new version."""
    await read_history(pool, caller.scope, city, asset_id, limit=1)
    async with pool.acquire() as connection:
        change = await restore_version(
            connection,
            city,
            asset_id,
            body.version,
            seat=caller.seat,
            reason=body.reason,
            seen=body.seen,
            scope=caller.scope,
        )
    request.app.state.refresher.wake(city)
    return await _edited(pool, caller, city, change, asset_id)


@router.post("/changes/{change_id}/revert")
async def post_revert(
    *, request: Request, change_id: ChangeIdPath, body: ReasonBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> EditedAnswer:
    """Take a change back by a new one; 409 names the assets that have changed since."""
    await read_change(pool, caller.scope, city, change_id)
    async with pool.acquire() as connection:
        change = await revert_change(connection, city, change_id, seat=caller.seat, reason=body.reason, scope=caller.scope)
    request.app.state.refresher.wake(city)
    return EditedAnswer(change_id=change, asset_id=None, version=None)


async def _edit(
    request: Request, pool: Pool, caller: Caller, city: int, asset_id: int, *, wish: Wish, body: EditBody | RetireBody
) -> EditedAnswer:
    """Write one edit in the name of the caller's seat and wake what follows the archive."""
    prepared = await prepare_edit(pool, caller.scope, city, asset_id, wish)
    seen = {asset_id: prepared.version if body.version is None else body.version}
    async with pool.acquire() as connection:
        change = await apply_edits(
            connection,
            city,
            [prepared.edit],
            seat=caller.seat,
            reason=body.reason,
            origin="edit",
            versions=seen,
            scope=caller.scope,
        )
    request.app.state.refresher.wake(city)
    return await _edited(pool, caller, city, change, asset_id)


async def _edited(pool: Pool, caller: Caller, city: int, change_id: int, asset_id: int) -> EditedAnswer:
    """Answer with the version that the asset has now."""
    try:
        newest = (await read_history(pool, caller.scope, city, asset_id, limit=1))[0]
    except NotFound:  # it was retired by another caller meanwhile and is out of sight
        return EditedAnswer(change_id=change_id, asset_id=asset_id, version=None)
    return EditedAnswer(change_id=change_id, asset_id=asset_id, version=newest.version if newest.valid_to_at is None else None)


# ---------------------------------------------------------------- translating


def _kinds(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(kind_of(name).name for name in names)


def _note(note: ChangeNote | None) -> ChangeNoteModel | None:
    return None if note is None else ChangeNoteModel.model_validate(note)


def _version(version: Version) -> VersionModel:
    return VersionModel(
        version=version.version,
        valid_from_at=version.valid_from_at,
        valid_to_at=version.valid_to_at,
        change=_note(version.change),
        ended_by=_note(version.ended_by),
        differences=difference_models(version.differences),
    )


def difference_models(differences: tuple[Difference, ...]) -> list[DifferenceModel]:
    """Return differences for an answer."""
    return [
        DifferenceModel(field=item.field, label_zh=item.label_zh, before=item.before, after=item.after) for item in differences
    ]


def _change(change: Change) -> dict[str, Any]:
    note = ChangeNoteModel.model_validate(change.note).model_dump()
    counts = {"added": change.added, "changed": change.changed, "retired": change.retired}
    return {**note, **counts, "import_id": change.import_id, "reverts": change.reverts}


def _asset(item: ChangedAsset) -> ChangedAssetModel:
    return ChangedAssetModel(
        asset_id=item.asset_id,
        kind=item.kind,
        code=item.code,
        name=item.name,
        status=cast(Status, item.status),
        differences=difference_models(item.differences),
    )


def _difference(found: StateDifference) -> StateDifferenceAnswer:
    return StateDifferenceAnswer(
        added=found.added, changed=found.changed, retired=found.retired, items=[_asset(item) for item in found.items]
    )
