"""`heat-twin check`: the checks of a whole city, and how they score against an answer sheet."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.database import open_connection
from api.settings import read_settings
from data.checks.run import CheckReport, run_checks
from data.checks.telling import read_told
from data.demo.answers import read_answers
from data.demo.score import Score, as_text, score_import, score_problems
from data.demo.stored import last_problems
from data.network import first_city
from data.pool import Connection
from twin.checks import RULES


def register(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command()(check)


def check(
    *,
    rule: Annotated[list[str] | None, typer.Option("--rule", help="Only this rule; may be given several times.")] = None,
    city: Annotated[int | None, typer.Option("--city", help="City id; default: the lowest one.")] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Answer sheet of a demo city: score the checks and the import.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object instead of text.")] = False,
) -> None:
    """Check a city and bring its problems up to date; exit code 1 when there are errors, or answers are not met."""
    with open_connection(read_settings()) as connection:
        city_id = first_city(connection) if city is None else city
        report = run_checks(connection, city_id, rules=rule)
        connection.commit()
        scores = None if answers is None else _score(connection, report, answers, whole=rule is None)
    sys.stdout.write(
        json.dumps(_document(report, scores), ensure_ascii=False, indent=2) + "\n" if as_json else _text(report, scores)
    )
    if any(score.missed or score.false for score in scores) if scores is not None else _errors(report):
        raise typer.Exit(1)


def _score(connection: Connection, report: CheckReport, path: Path, *, whole: bool) -> tuple[Score, ...]:
    answers = read_answers(path)
    told = read_told(connection, report.city_id, report.found)
    problems = score_problems(answers, told, None if whole else report.found)
    return (*score_import(answers, last_problems(connection, report.city_id)), *problems) if whole else problems


def _errors(report: CheckReport) -> int:
    return sum(number for name, number in report.found.items() if RULES[name].severity == "error")


def _document(report: CheckReport, scores: tuple[Score, ...] | None) -> dict[str, object]:
    document: dict[str, object] = {
        "city_id": report.city_id,
        "found": {name: number for name, number in report.found.items() if number},
        "total": report.total,
        "errors": _errors(report),
        "added": report.added,
        "changed": report.changed,
        "gone": report.gone,
        "seconds": dict(report.seconds),
    }
    if scores is not None:
        document["scores"] = [
            {"where": s.where, "rule": s.rule, "found": s.found, "missed": list(s.missed), "false": list(s.false)} for s in scores
        ]
    return document


def _text(report: CheckReport, scores: tuple[Score, ...] | None) -> str:
    lines = [
        f"{number:>7}  {RULES[name].severity:7}  {name}  {RULES[name].label_zh}"
        for name, number in report.found.items()
        if number
    ]
    lines.append(
        f"{report.total} problems in city {report.city_id}, {_errors(report)} of them errors; "
        f"{report.added} new, {report.changed} changed, {report.gone} gone; {sum(report.seconds.values()):.1f} s"
    )
    return "\n".join(lines) + "\n" + ("" if scores is None else as_text(scores))
