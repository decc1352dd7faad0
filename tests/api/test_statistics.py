"""Statistics, coverage and exports over HTTP: the shapes that pages build on, files, rights."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import openpyxl
import pyogrio
import pytest
from typer.testing import CliRunner

from api import exports
from api.cli import build_app
from api.exports import ExportOrder, run_export
from api.settings import Settings
from data.errors import BadExport
from data.jobs import job
from data.pool import connect
from gis.errors import ConversionRefused
from tests.api.serving import serve
from tests.conftest import LoadedSample, create_database, drop_database
from twin.scope import EVERYTHING


@pytest.fixture(scope="module")
def city_url(sample: LoadedSample, server_url: str) -> Iterator[str]:
    """Yield the address of a sample city of this module's own: an export is a job that is written down."""
    url = create_database(server_url, sample.template)
    yield url
    drop_database(url)


@pytest.fixture(scope="module")
def sample_client(city_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Yield a client of a server over the sample city."""
    with serve(city_url, tmp_path_factory.mktemp("var")) as url, httpx.Client(base_url=url, timeout=120) as client:
        yield client


def get(client: httpx.Client, path: str, **query: object) -> dict:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


# ---------------------------------------------------------------- lengths


def test_lengths_by_class_name_their_unit_year_and_version(sample_client: httpx.Client) -> None:
    answer = get(sample_client, "/statistics/lengths", year=2026)
    assert (answer["unit"], answer["year"]) == ("km", 2026)
    rows = {(row["class"], row["band"]): row for row in answer["rows"]}
    assert rows["secondary", "total"]["supply_km"] > rows["primary", "total"]["supply_km"] > 10
    assert rows["primary", "total"]["reported_km"] == round(rows["primary", "total"]["supply_km"])
    assert answer["total"] == pytest.approx(sum(row["supply_km"] for key, row in rows.items() if key[1] == "total"), abs=0.01)
    assert answer["assets_version"] == answer["counted_version"]
    contents = get(sample_client, "/contents")
    assert contents["supply_length_m"] / 1000 == pytest.approx(answer["total"], abs=0.01)


@pytest.mark.parametrize("by", ["laying", "dn_band", "material", "age"])
def test_every_breakdown_adds_up(sample_client: httpx.Client, by: str) -> None:
    answer = get(sample_client, "/statistics/lengths", by=by)
    assert sum(row["supply_km"] for row in answer["rows"]) == pytest.approx(answer["total"], abs=0.02)
    assert {row["breakdown"] for row in answer["rows"]} == {by}


def test_all_tables_come_as_one_csv_or_workbook(sample_client: httpx.Client) -> None:
    rows = get(sample_client, "/statistics/lengths", by="all")["rows"]
    answer = sample_client.get("/statistics/lengths", params={"by": "all", "format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["label_zh"] for row in table] == [row["label_zh"] for row in rows]
    book = sample_client.get("/statistics/lengths", params={"by": "all", "format": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert sheet.max_row == len(rows) + 1
    assert [cell.value for cell in sheet[1]] == list(rows[0])


def test_a_district_and_a_company_have_their_share(sample_client: httpx.Client) -> None:
    whole = get(sample_client, "/statistics/lengths")["total"]
    item = get(sample_client, "/assets", kind="pipe", limit=1)["items"][0]
    part = get(sample_client, "/statistics/lengths", company_id=item["company_id"])["total"]
    assert 0 < part < whole
    assert get(sample_client, "/statistics/lengths", area_id=item["area_id"])["total"] == pytest.approx(whole)
    assert get(sample_client, "/statistics/lengths", area_id=999_999)["total"] == 0


def test_the_tiles_carry_what_the_tables_are_made_of(sample_client: httpx.Client) -> None:
    described = sample_client.get("/tiles/network.json", params={"with": "all"}).json()
    layers = {layer["id"]: layer for layer in described["vector_layers"]}
    assert {"class", "laying", "material", "year", "dn"} <= set(layers["pipe"]["fields"])


def test_substations_and_users_are_counted(sample_client: httpx.Client) -> None:
    stations = get(sample_client, "/statistics/substations")
    counts = {(row["group"], row["value"]): row["count"] for row in stations["rows"]}
    assert counts["total", "total"] == 60
    sizes = [count for (group, _), count in counts.items() if group == "size"]
    assert sum(sizes) == 60
    for group in {group for group, _ in counts} - {"total"}:
        assert sum(count for (name, _), count in counts.items() if name == group) == 60, group
    users = get(sample_client, "/statistics/users")
    register = next(each for each in get(sample_client, "/contents")["registers"] if each["kind"] == "heat_user")
    assert sum(row["users"] for row in users["users"]) == register["count"]
    for path in ("/statistics/substations", "/statistics/users"):
        table = sample_client.get(path, params={"format": "csv"})
        assert len(list(csv.reader(io.StringIO(table.content.decode("utf-8-sig"))))) > 3


# ---------------------------------------------------------------- coverage


@pytest.mark.parametrize("of_kind", ["company", "plant", "boiler_house", "substation", "estate", "licence"])
def test_coverage_of_each_kind_has_the_agreed_fields(sample_client: httpx.Client, of_kind: str) -> None:
    answer = get(sample_client, "/coverage", of_kind=of_kind)
    assert answer["total"] == sum(answer["states"].values()) > 0
    for item in answer["items"]:
        assert item["inside_buildings"] == (
            item["served_buildings"] - item["outside_buildings"] + item["foreign_buildings"] + item["unserved_buildings"]
        )
        assert item["derived"] == (item["declared_m2"] is None)
        assert item["geometry_declared"] is None
    assert answer["assets_version"] == answer["derived_version"]


def test_coverage_draws_both_grounds_when_asked(sample_client: httpx.Client) -> None:
    [item] = get(sample_client, "/coverage", of_kind="plant", geometry=True)["items"]
    assert item["geometry_declared"]["type"] in {"Polygon", "MultiPolygon"}
    assert item["geometry_derived"]["type"] in {"Polygon", "MultiPolygon"}
    detail = get(sample_client, f"/coverage/plant/{item['asset_id']}")
    assert detail["item"]["code"] == item["code"]
    assert detail["buildings"] == []
    missing = sample_client.get("/coverage/plant/999999")
    assert missing.status_code == 404


def test_states_page_and_filter(sample_client: httpx.Client) -> None:
    whole = get(sample_client, "/coverage", of_kind="substation", limit=1000)
    pages = [get(sample_client, "/coverage", of_kind="substation", limit=25, offset=at)["items"] for at in (0, 25, 50)]
    assert [item["asset_id"] for page in pages for item in page] == [item["asset_id"] for item in whole["items"]]
    assert get(sample_client, "/coverage", of_kind="substation", state="differs")["total"] == 0


def test_districts_tell_heated_covered_and_connected(sample_client: httpx.Client) -> None:
    districts = get(sample_client, "/coverage/districts")["districts"]
    assert sum(each["heated_buildings"] for each in districts) == 1000
    for each in districts:
        assert each["covered"] + each["uncovered"] == each["heated_buildings"] <= each["buildings"]
        assert each["uncovered"] == len(each["uncovered_ids"]) == each["unconnected"] == 0


# ---------------------------------------------------------------- exports


@pytest.mark.parametrize("suffix", ["gpkg", "parquet", "csv", "xlsx"])
def test_a_layer_comes_as_a_file_and_leaves_nothing_behind(sample_client: httpx.Client, tmp_path: Path, suffix: str) -> None:
    answer = sample_client.get(f"/export/substation.{suffix}", params={"datum": "gcj02"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-export-rows"] == "60"
    assert len(answer.headers["x-export-sha256"]) == 64
    assert f"substation_gcj02.{suffix}" in answer.headers["content-disposition"]
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(answer.content)
    if suffix == "gpkg":
        assert len(pyogrio.read_dataframe(path)) == 60


def test_a_bundle_holds_the_entry_of_the_ledger(sample_client: httpx.Client) -> None:
    answer = sample_client.get("/export/substation.gpkg", params={"datum": "gk(cgcs2000,3,126,plain)", "bundle": "true"})
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    [file, entry] = sorted(archive.namelist())
    assert entry == f"{file}.ledger.json"
    assert json.loads(archive.read(entry))["output_sha256"] == answer.headers["x-export-sha256"]


def test_who_exported_what_is_a_job(sample_client: httpx.Client) -> None:
    sample_client.get("/export/valve.csv", params={"datum": "bd09"})
    jobs = [each for each in sample_client.get("/jobs").json() if each["kind"] == "export"]
    assert jobs[0]["state"] == "done"
    assert jobs[0]["seat"]
    assert jobs[0]["result"]["layer"] == "valve"
    assert jobs[0]["result"]["datum"] == "bd09"
    assert jobs[0]["result"]["rows"] > 0


@pytest.mark.parametrize(
    ("path", "query", "status", "message"),
    [
        ("/export/nothing.gpkg", {}, 422, "layers are"),
        ("/export/pipe.dwg", {}, 422, "gpkg"),
        ("/export/pipe.csv", {"datum": "wgs72"}, 422, "is not a datum"),
        ("/export/pipe.csv", {"datum": "xian80"}, 422, "parameters"),
        ("/export/pipe.csv", {"datum": "local(moon)"}, 422, "local(moon)"),
        ("/export/pipe.csv", {"datum": "twice(gcj02)"}, 422, "mistake"),
        ("/export/pipe.csv", {"datum": "epsg:31370"}, 422, "Belgi"),
        ("/export/pipe.csv", {"city": 77}, 404, "77"),
        ("/export/..%2F..%2Fetc%2Fpasswd.csv", {}, 404, ""),
    ],
)
def test_what_cannot_be_exported_is_refused_in_words(
    sample_client: httpx.Client, path: str, query: dict[str, object], status: int, message: str
) -> None:
    answer = sample_client.get(path, params=query)
    assert answer.status_code == status, answer.text
    assert message in answer.text


def test_a_refused_export_leaves_no_file(city_url: str, tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path, database_url=city_url)
    with pytest.raises(ConversionRefused):
        run_export(settings, EVERYTHING, ExportOrder(1, "pipe", "gpkg", "epsg:31370"), seat="tests", folder=tmp_path)
    with pytest.raises(BadExport):
        run_export(settings, EVERYTHING, ExportOrder(1, "pipes", "gpkg", "wgs84"), seat="tests", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_more_exports_than_cores_wait_their_turn(sample_client: httpx.Client) -> None:
    with exports.one_of_few(), exports.one_of_few():
        answer = sample_client.get("/export/substation.csv")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "10"
    assert sample_client.get("/export/substation.csv").status_code == 200


def test_a_cancelled_export_says_so_and_leaves_no_file(city_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = job

    def cancelled(*arguments: object, **options: object):
        context = real(*arguments, **options)  # type: ignore[arg-type]
        enter = context.__enter__

        def entered() -> object:
            task = enter()
            with connect(city_url) as connection:
                connection.execute("update job set cancel_requested = true where job_id = %s", (task.job_id,))
            return task

        monkeypatch.setattr(context, "__enter__", entered, raising=False)
        return _Entered(context, entered)

    monkeypatch.setattr(exports, "job", cancelled)
    settings = Settings(var_dir=tmp_path, database_url=city_url)
    with pytest.raises(exports.Conflict, match="cancelled"):
        run_export(settings, EVERYTHING, ExportOrder(1, "pipe", "csv", "wgs84"), seat="tests", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


class _Entered:
    """A context whose entry was replaced."""

    def __init__(self, context: object, entered: object) -> None:
        self._context, self._entered = context, entered

    def __enter__(self) -> object:
        return self._entered()  # type: ignore[operator]

    def __exit__(self, *details: object) -> bool | None:
        return self._context.__exit__(*details)  # type: ignore[attr-defined]


# ---------------------------------------------------------------- command line


def command(city_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *arguments: str):
    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", city_url)
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(tmp_path / "var"))
    return CliRunner().invoke(build_app(), ["export", *arguments])


def test_the_command_writes_file_and_entry_and_replaces_only_when_told(
    city_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "s.gpkg"
    wanted = ("--kind", "substation", "--datum", "gcj02", "-o", str(out))
    first = command(city_url, monkeypatch, tmp_path, *wanted)
    assert first.exit_code == 0, first.output
    assert "60 rows" in first.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.gpkg", "s.gpkg.ledger.json"]
    again = command(city_url, monkeypatch, tmp_path, *wanted)
    assert isinstance(again.exception, BadExport)
    assert "--force" in str(again.exception)
    assert command(city_url, monkeypatch, tmp_path, *wanted, "--force").exit_code == 0


def test_a_failed_command_leaves_the_old_file(city_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = tmp_path / "s.csv"
    out.write_text("old", encoding="utf-8")
    failed = command(city_url, monkeypatch, tmp_path, "--kind", "nothing", "-o", str(out), "--force")
    assert isinstance(failed.exception, BadExport)
    assert out.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv"]


def test_the_command_takes_local_grids_from_a_manifest(
    city_url: str, sample: LoadedSample, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = tmp_path / "s.csv"
    wanted = ("--kind", "substation", "--datum", "local(demo_grid)", "-o", str(out), "--manifest", str(sample.manifest))
    done = command(city_url, monkeypatch, tmp_path, *wanted)
    assert done.exit_code == 0, done.output
    assert "four parameters" in done.output
