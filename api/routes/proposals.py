"""Proposals (审核及批复): edits that wait for somebody who may decide."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from api.routes.archive import DifferenceModel, EditBody, LimitQuery, OffsetQuery, ReasonBody, difference_models
from api.routes.assets import AssetIdPath
from data.editing import Prepared, Wish, prepare_edit
from data.errors import Conflict
from data.proposals import Proposal, State, add_proposal, approve, close, list_proposals, read_proposal

router = APIRouter(tags=["archive"])

ProposalIdPath = Annotated[int, Path(ge=1, le=2**31 - 1, description="Number of the proposal within the city.", examples=[1])]


class ProposalBody(EditBody):
    """What the caller proposes to become of an asset."""

    retire: bool = Field(False, description="True: the asset is no longer there; nothing else may be said then.")


class ProposalModel(BaseModel):
    """One proposal."""

    proposal_id: int = Field(examples=[1])
    asset_id: int = Field(examples=[12])
    kind: str = Field(examples=["pipe"])
    code: str
    version: int = Field(description="Version of the asset that it was made for.", examples=[1])
    present_version: int = Field(description="Its version now; another one: it can only be rejected, or made anew.", examples=[1])
    retire: bool
    differences: list[DifferenceModel] = Field(description="What it would change, against that version.")
    seat: str = Field(description="Who proposes.", examples=["李工 (热力公司, li)"])
    reason: str
    proposed_at: datetime
    state: State
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    change_id: int | None = Field(description="The change that the approval made.")


class ProposalsAnswer(BaseModel):
    """A page of proposals, newest first."""

    total: int
    items: list[ProposalModel]


@router.post("/assets/{asset_id}/proposals", status_code=201)
async def post_proposal(
    *, asset_id: AssetIdPath, body: ProposalBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> ProposalModel:
    """Propose an edit; it is checked like an edit and changes nothing until it is approved."""
    prepared = await prepare_edit(pool, caller.scope, city, asset_id, Wish(retire=True) if body.retire else body.wish())
    if body.version not in {None, prepared.version}:
        raise Conflict(f"asset {asset_id} is at version {prepared.version}, not {body.version}; read it again and decide")
    prepared = Prepared(prepared.edit, prepared.version)
    proposal = await add_proposal(
        pool, caller.scope, city, prepared, seat=caller.seat, seat_id=caller.seat_id, reason=body.reason
    )
    return _model(proposal)


@router.get("/proposals")
async def get_proposals(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    state: Annotated[State | None, Query(description="Only these.", examples=["open"])] = None,
    asset_id: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only about this asset.")] = None,
    limit: LimitQuery = 100,
    offset: OffsetQuery = 0,
) -> ProposalsAnswer:
    """List the proposals about assets that the caller sees, newest first."""
    total, proposals = await list_proposals(pool, caller.scope, city, state=state, asset_id=asset_id, limit=limit, offset=offset)
    return ProposalsAnswer(total=total, items=[_model(proposal) for proposal in proposals])


@router.post("/proposals/{proposal_id}/approve")
async def post_approve(
    *, request: Request, proposal_id: ProposalIdPath, body: ReasonBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> ProposalModel:
    """Make a proposal a change; 409 when the asset has changed since it was made, 403 for one's own proposal."""
    await approve(pool, caller.scope, city, proposal_id, seat=caller.seat, seat_id=caller.seat_id, reason=body.reason)
    request.app.state.refresher.wake(city)
    return _model(await read_proposal(pool, caller.scope, city, proposal_id))


@router.post("/proposals/{proposal_id}/reject")
async def post_reject(
    *, proposal_id: ProposalIdPath, body: ReasonBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> ProposalModel:
    """Reject a proposal."""
    await close(pool, caller.scope, city, proposal_id, "rejected", seat=caller.seat, seat_id=caller.seat_id, reason=body.reason)
    return _model(await read_proposal(pool, caller.scope, city, proposal_id))


@router.post("/proposals/{proposal_id}/withdraw")
async def post_withdraw(
    *, proposal_id: ProposalIdPath, body: ReasonBody, caller: CallerDep, city: CityDep, pool: PoolDep
) -> ProposalModel:
    """Withdraw one's own proposal."""
    await close(pool, caller.scope, city, proposal_id, "withdrawn", seat=caller.seat, seat_id=caller.seat_id, reason=body.reason)
    return _model(await read_proposal(pool, caller.scope, city, proposal_id))


def _model(proposal: Proposal) -> ProposalModel:
    fields = {name: getattr(proposal, name) for name in Proposal.__slots__ if name != "differences"}
    return ProposalModel(**fields, differences=difference_models(proposal.differences))
