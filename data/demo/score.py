"""Scores checks against the answer sheet of a spoiled delivery: what was found, missed, and said without reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from data.demo.answers import Answer
from data.imports.problems import Problem
from topology.findings import Finding


@dataclass(frozen=True, slots=True)
class Score:
    """How one rule did.

    Attributes
    ----------
    where, rule
        Of the answer sheet.
    found
        Answers that the check gave.
    missed, false
        Answers it did not give, and what it gave beyond them, in words.
    """

    where: str
    rule: str
    found: int
    missed: tuple[str, ...]
    false: tuple[str, ...]


def score_import(answers: Sequence[Answer], problems: Iterable[Problem]) -> tuple[Score, ...]:
    """Compare the problems of an import; a problem is known by rule, file, kind and row.

    The list of problems must be whole: an import lists the first 1,000 rows of a rule in a layer.
    """
    expected = Counter((a.rule, _row(a.file, a.kind, a.row)) for a in answers if a.where == "import")
    given = Counter((p.rule, _row(p.file, _kind_of(p.layer), p.row)) for p in problems)
    return _scores("import", expected, given)


def score_network(answers: Sequence[Answer], findings: Iterable[Finding], codes: Mapping[int, str]) -> tuple[Score, ...]:
    """Compare the findings of the network's checks; a finding is known by rule and the codes of all its assets.

    Parameters
    ----------
    codes
        Code of each asset id that a finding names.
    """
    expected = Counter((a.rule, " ".join(a.codes)) for a in answers if a.where == "network")
    given = Counter((f.rule, " ".join(sorted(codes[asset_id] for asset_id in f.asset_ids))) for f in findings)
    return _scores("network", expected, given)


@dataclass(frozen=True, slots=True)
class Told:
    """A problem as the table of problems holds it: rule, codes of all its assets (or of its row), or the layer it is of."""

    rule: str
    codes: tuple[str, ...]
    layer: str = ""


def score_problems(
    answers: Sequence[Answer], problems: Iterable[Told], rules: Collection[str] | None = None
) -> tuple[Score, ...]:
    """Compare the problems of the archive; a problem is known by rule and the codes of all its assets, of a layer by its file.

    Findings of the network are problems too: answers of both are expected. `rules`: only these were looked for; None = all.
    """
    wanted = [a for a in answers if a.where in {"check", "network"} and (rules is None or a.rule in rules)]
    expected = Counter((a.rule, " ".join(a.codes) or a.file) for a in wanted)
    told = [each for each in problems if rules is None or each.rule in rules]
    given = Counter((t.rule, t.layer.partition(" > ")[0] or " ".join(sorted(t.codes))) for t in told)
    return _scores("check", expected, given)


def as_text(scores: Sequence[Score]) -> str:
    """Return the scores as a table, with everything missed or false named."""
    lines = [f"{'found':>7} {'missed':>7} {'false':>7}  rule"]
    for score in scores:
        lines.append(f"{score.found:>7} {len(score.missed):>7} {len(score.false):>7}  {score.where}: {score.rule}")
        lines += [f"{'':25}missed: {text}" for text in score.missed]
        lines += [f"{'':25}false: {text}" for text in score.false]
    return "\n".join(lines) + "\n"


def _scores(where: str, expected: Counter[tuple[str, str]], given: Counter[tuple[str, str]]) -> tuple[Score, ...]:
    found, missed, false = expected & given, expected - given, given - expected
    rules = sorted({rule for rule, _ in (*expected, *given)})
    return tuple(Score(where, rule, len(_named(found, rule)), _named(missed, rule), _named(false, rule)) for rule in rules)


def _named(keys: Counter[tuple[str, str]], rule: str) -> tuple[str, ...]:
    return tuple(sorted(what for name, what in keys.elements() if name == rule))


def _row(file: str, kind: str, row: int | None) -> str:
    return f"{file} {kind} {'whole layer' if row is None else f'row {row}'}"


def _kind_of(layer: str) -> str:
    """Return the kind in the name of a layer, `file:inner > kind #2`."""
    return layer.rpartition(" > ")[2].partition(" #")[0]
