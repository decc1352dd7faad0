"""Projects of the clean-heating rollout: a list with filters, and the same as points of a map."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import CallerDep, CityDep, PoolDep
from data.rollout_projects import MOST, Project, ProjectFilter, list_projects
from twin.registers import PROJECT_KINDS, STAGES

router = APIRouter(prefix="/rollout", tags=["rollout"])

Stage = Literal["前期", "施工", "竣工", "验收"]
ProjectKind = Literal["热源清洁化", "建筑能效提升", "能力建设"]
assert set(STAGES) == set(get_args(Stage))
assert set(PROJECT_KINDS) == set(get_args(ProjectKind))

AreaQuery = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="District or zone: projects that hang on it or stand in it.")
]
StageQuery = Annotated[Stage | None, Query(description="前期, 施工, 竣工 or 验收.", examples=["施工"])]
KindQuery = Annotated[ProjectKind | None, Query(description="Kind of project.", examples=["热源清洁化"])]
TypeQuery = Annotated[str | None, Query(max_length=100, description="Technical type, exactly.", examples=["生物质"])]
SearchQuery = Annotated[str | None, Query(max_length=100, description="Part of the code or name.", examples=["XM"])]


class MoneyModel(BaseModel):
    """Planned and paid money in yuan; null where a delivery says nothing."""

    planned_central_cny: float | None = Field(None, examples=[1_200_000.0])
    planned_local_cny: float | None = Field(None, examples=[800_000.0])
    planned_company_cny: float | None = Field(None, examples=[400_000.0])
    paid_central_cny: float | None = Field(None, examples=[600_000.0])
    paid_local_cny: float | None = Field(None, examples=[300_000.0])
    paid_company_cny: float | None = Field(None, examples=[400_000.0])
    planned_cny: float | None = Field(None, description="Sum of the three sources that are given.", examples=[2_400_000.0])
    paid_cny: float | None = Field(None, examples=[1_300_000.0])
    payment_rate: float | None = Field(
        None, description="paid_cny / planned_cny; above 1 where more was paid than planned.", examples=[0.54]
    )


class ProjectModel(MoneyModel):
    """One project (改造项目)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "row_id": 7,
                    "code": "XM0007",
                    "name": "示例区生物质热源项目",
                    "area_id": 3,
                    "area_name": "示例区",
                    "area_kind": "district",
                    "district_id": 3,
                    "position": [125.31, 43.86],
                    "region": "城区",
                    "project_kind": "热源清洁化",
                    "technical_type": "生物质",
                    "stage": "施工",
                    "started_on": "2025-04-01",
                    "finished_on": None,
                    "scale_m2": 120_000.0,
                    "done_m2": 60_000.0,
                    "completion": 0.5,
                    "coal_saved_t": 1_800.0,
                    "centralised": True,
                    "responsible_unit": None,
                    "construction_unit": "示例施工公司",
                    "planned_central_cny": 1_200_000.0,
                    "paid_central_cny": 600_000.0,
                    "planned_cny": 1_200_000.0,
                    "paid_cny": 600_000.0,
                    "payment_rate": 0.5,
                }
            ]
        }
    )

    row_id: int = Field(description="Id within the register.")
    code: str
    name: str
    area_id: int | None = Field(description="Asset id of the district or zone that it is counted by.")
    area_name: str | None
    area_kind: str | None = Field(description="district or zone.")
    district_id: int | None = Field(description="Asset id of the district that it stands in.")
    position: tuple[float, float] | None = Field(description="longitude, latitude in WGS-84 degrees")
    region: str | None
    project_kind: str | None
    technical_type: str | None
    stage: str | None
    started_on: str | None = Field(description="YYYY-MM-DD")
    finished_on: str | None = Field(description="YYYY-MM-DD")
    scale_m2: float | None
    done_m2: float | None
    completion: float | None = Field(description="done_m2 / scale_m2; null without a scale.")
    coal_saved_t: float | None = Field(description="Standard coal saved a year, t.")
    centralised: bool | None = Field(description="Central heating (集中) or dispersed (分散); null = not said.")
    responsible_unit: str | None
    construction_unit: str | None


class ProjectsAnswer(BaseModel):
    """A page of projects, the largest first."""

    total: int = Field(description="How many fit; the page may hold fewer.", examples=[389])
    items: list[ProjectModel]


class ProjectFeature(BaseModel):
    """One project as a point; its id is the row id."""

    type: Literal["Feature"] = "Feature"
    id: int = Field(examples=[7])
    geometry: dict[str, Any] = Field(examples=[{"type": "Point", "coordinates": [125.31, 43.86]}])
    properties: ProjectModel


class ProjectFeatures(BaseModel):
    """All projects with a position, as a GeoJSON FeatureCollection."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[ProjectFeature]


@router.get("/projects")
async def projects(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    area: AreaQuery = None,
    stage: StageQuery = None,
    kind: KindQuery = None,
    technical_type: TypeQuery = None,
    q: SearchQuery = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> ProjectsAnswer:
    """List the projects that the caller may see, with progress and money."""
    wanted = ProjectFilter(area, stage, kind, technical_type, q or None)
    total, found = await list_projects(pool, caller.scope, city, wanted, limit=limit, offset=offset)
    return ProjectsAnswer(total=total, items=[_model(project) for project in found])


@router.get("/projects.geojson", response_model=ProjectFeatures)
async def projects_geojson(
    *,
    caller: CallerDep,
    city: CityDep,
    pool: PoolDep,
    area: AreaQuery = None,
    stage: StageQuery = None,
    kind: KindQuery = None,
    technical_type: TypeQuery = None,
    q: SearchQuery = None,
) -> Response:
    """Return the same as points for map layers; what has no position is left out."""
    wanted = ProjectFilter(area, stage, kind, technical_type, q or None)
    _, found = await list_projects(pool, caller.scope, city, wanted, limit=MOST, offset=0)
    features = [_feature(project) for project in found if project.position_wgs84 is not None]
    # a model that is handed to the framework is checked and turned into values once more: twice the time
    return Response(ProjectFeatures(features=features).model_dump_json(), media_type="application/json")


def _feature(project: Project) -> ProjectFeature:
    point = {"type": "Point", "coordinates": list(project.position_wgs84 or ())}
    return ProjectFeature(id=project.row_id, geometry=point, properties=_model(project))


def _model(project: Project) -> ProjectModel:
    money = [f"{what}_{source}_cny" for what in ("planned", "paid") for source in ("central", "local", "company")]
    centralised = project.attributes.get("centralised")
    return ProjectModel(
        row_id=project.row_id,
        code=project.code,
        name=project.name,
        area_id=project.area_id,
        area_name=project.area_name,
        area_kind=project.area_kind,
        district_id=project.district_id,
        position=project.position_wgs84,
        region=project.text("region"),
        project_kind=project.text("project_kind"),
        technical_type=project.text("technical_type"),
        stage=project.text("stage"),
        started_on=project.text("started_on"),
        finished_on=project.text("finished_on"),
        scale_m2=project.number("scale_m2"),
        done_m2=project.number("done_m2"),
        completion=project.completion,
        coal_saved_t=project.number("coal_saved_t"),
        centralised=centralised if isinstance(centralised, bool) else None,
        responsible_unit=project.text("responsible_unit"),
        construction_unit=project.text("construction_unit"),
        planned_cny=project.total_cny("planned"),
        paid_cny=project.total_cny("paid"),
        payment_rate=project.payment_rate,
        **{name: project.number(name) for name in money},
    )
