"""How long readings are kept, and the commands of their archive, as people use them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from api.cli import build_app
from api.reading_keeper import keep_archive
from api.settings import Settings
from data.pool import connect
from tests.data.archive_helpers import insert_frames, minute_frames, seed, stored_frames


def test_retention_is_listed_and_set_with_the_seat(http: httpx.Client) -> None:
    before = {row["kind"]: row for row in http.get("/readings/retention").json()}
    assert {key: before["substation"][key] for key in ("hot_days", "archive_years", "seat")} == {
        "hot_days": 14, "archive_years": 4, "seat": None,
    }  # fmt: skip
    assert before["room_sensor"]["hot_days"] == 3
    answer = http.put("/readings/retention", json={"kind": "room_sensor", "hot_days": 5, "archive_years": None})
    assert answer.status_code == 200, answer.text
    (after,) = (row for row in http.get("/readings/retention").json() if row["kind"] == "room_sensor")
    assert (after["hot_days"], after["archive_years"]) == (5, None)
    assert after["seat"]
    assert http.put("/readings/retention", json={"kind": "ship", "hot_days": 5, "archive_years": 1}).status_code == 404
    assert http.put("/readings/retention", json={"kind": "room_sensor", "hot_days": 0, "archive_years": 1}).status_code == 422


def test_the_commands_of_the_archive(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed(database_url, {"pump:1": 1, "room:1": 2})
    day = date.today() - timedelta(days=30)
    insert_frames(database_url, minute_frames(1, 1, 5, day=day))
    frames = stored_frames(database_url)
    report = keep_archive(Settings(var_dir=tmp_path, database_url=database_url), seat="tests", wait=False, say=lambda *_: None)
    assert report is not None
    assert report.archived == {f"pump/1 {day}": 5}
    with connect(database_url) as connection:
        found = connection.execute("select state, seat from job where kind = 'keep_readings'").fetchall()
    assert found == [("done", "tests")]

    monkeypatch.setenv("HEAT_TWIN_DATABASE_URL", database_url)
    monkeypatch.setenv("HEAT_TWIN_VAR_DIR", str(tmp_path))

    def said(*words: str) -> str:
        result = CliRunner().invoke(build_app(), ["readings", *words])
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    assert f"{day} pump/1 1 files, 5 frames, 15 values" in said("list")
    assert "1 files are as the manifest says: 5 frames" in said("verify")
    manifest, file = tmp_path / "m.toml", tmp_path / "f.csv"
    manifest.write_text('[time]\ncolumn="t"\n[source]\ncode="pump:1"\n[[point]]\ncolumn="q"\nname="flow_m3_per_h"\n')
    file.write_text(f"t,q\n{day} 12:00:00,7.5\n{day} 12:01:00,x\n")
    told = said("import", str(file), "--manifest", str(manifest), "--aside", str(tmp_path / "a.csv"))
    assert "1 accepted (1 into the archive, 0 hot)" in told
    assert "line 3, column q: 'x'" in told
    assert "5 frames brought back" not in said("restore", "--day", f"{day}", "--kind", "pump")
    assert stored_frames(database_url)[:5] == frames
    out = tmp_path / "out.csv"
    span = ("--from", f"{day}", "--to", f"{datetime.now(UTC):%Y-%m-%d}")
    assert "6 frames" in said("export", str(out), "--source", "pump:1", *span, "--points", "flow_m3_per_h")
    assert out.read_text().splitlines()[-1] == f"pump:1,{day}T12:00:00.000+0000,7.5"
    assert "pump: 9 days hot, archive for ever (command line:" in said(
        "retention", "--kind", "pump", "--hot-days", "9", "--archive-years", "0"
    )
    assert "0 days repacked, 0 dropped" in said("archive")
