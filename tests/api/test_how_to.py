"""`docs/how-to/bring-in-a-city.md` as a new user would walk it: every block of it runs, and prints what the page says.

A block `sh` is run, in one shell for the whole page; a block `toml FILE` is appended to that file; a block `text` is what the
`sh` block before it prints, where `...` stands for anything (in a line of its own: for any lines).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest

from data import cluster as clusters
from tests.api.serving import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "how-to" / "bring-in-a-city.md"
MARK = "=== block"


@dataclass(frozen=True)
class Block:
    """A fenced block of the page: its language, its file (of toml) and its text; `line` is where it begins."""

    line: int
    language: str
    file: str
    text: str


def blocks(page: str) -> list[Block]:
    fence = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [Block(page[: match.start()].count("\n") + 1, *match.groups()) for match in fence.finditer(page)]


def script(found: list[Block], port: int) -> str:
    """Return the page as one script that says on stdout where each `sh` block begins."""
    lines = ["set -euo pipefail"]
    for block in found:
        if block.language == "sh":
            # not every program ends its output with a line end
            lines += [f"printf '\\n{MARK} {block.line}\\n'", block.text.replace("127.0.0.1:8000", f"127.0.0.1:{port}")]
        if block.language == "toml":
            lines += [f"cat >> {block.file} << 'END_OF_BLOCK'", f"{block.text}END_OF_BLOCK"]
    return "\n".join(lines) + "\n"


def expected(text: str) -> re.Pattern[str]:
    """Return the pattern of an expected output."""
    parts = []
    for line in text.splitlines():
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*?".join(re.escape(piece) for piece in line.split("...")) + r"\n")
    return re.compile("".join(parts) + r"(?:.*\n)*?")


def printed_by(output: str) -> dict[int, str]:
    """Return what each block printed, by its line in the page."""
    pieces = re.split(rf"(?<=\n){MARK} (\d+)\n", f"{output}\n")
    return {int(line): text for line, text in zip(pieces[1::2], pieces[2::2], strict=True)}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield an empty folder that the server's account can reach, with a short path."""
    path = Path(mkdtemp(prefix="heat-twin-how-to-"))
    path.chmod(0o755)
    yield path
    for var_dir in (path / "var", path / "elsewhere"):
        cluster = clusters.private_cluster(var_dir)
        with suppress(Exception):
            clusters.stop(cluster)
        rmtree(cluster.socket_folder, ignore_errors=True)
    rmtree(path, ignore_errors=True)


@pytest.mark.timeout(900)
def test_the_page_runs_as_it_stands(folder: Path) -> None:
    found = blocks(PAGE.read_text(encoding="utf-8"))
    port = free_port()
    (folder / "page.sh").write_text(script(found, port), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HEAT_TWIN_")}
    environment |= {
        "PATH": f"{Path(sys.executable).parent}:{environment['PATH']}",
        "HEAT_TWIN_VAR_DIR": str(folder / "var"),
        "HEAT_TWIN_PORT": str(port),
        "HEAT_TWIN_LOG_FORMAT": "text",
    }
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        ran = subprocess.run(
            ["bash", "page.sh"], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, check=False
        )
    printed = printed_by((folder / "out").read_text())
    last = max(printed)
    assert ran.returncode == 0, f"line {last} of the page: {(folder / 'err').read_text()[-3000:]}\n{printed[last]}"
    for block, after in pairwise(found):
        if after.language == "text":
            assert expected(after.text).fullmatch(printed[block.line]), f"line {after.line} of the page:\n{printed[block.line]}"


def test_every_link_of_the_page_leads_somewhere() -> None:
    page = PAGE.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", page)
    assert len(links) >= 4
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
