"""Reads a tileset with programs of others: py3dtiles as a library, Khronos' gltf-validator where Node has it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from py3dtiles.exceptions import Py3dtilesException
from py3dtiles.tileset import TileSet

from tiles.errors import BadTileset3D

_SCRIPT: Final = """
const validator = require(process.argv[1]);
const fs = require('fs');
(async () => {
  const found = { files: 0, errors: 0, warnings: 0, first: '' };
  for (const name of fs.readFileSync(0, 'utf8').split('\\n').filter((line) => line)) {
    const { issues } = await validator.validateBytes(new Uint8Array(fs.readFileSync(name)), { maxIssues: 20 });
    found.files += 1;
    found.errors += issues.numErrors;
    found.warnings += issues.numWarnings;
    if (issues.numErrors + issues.numWarnings && !found.first) {
      found.first = `${name}: ${issues.messages[0].code} ${issues.messages[0].message} at ${issues.messages[0].pointer}`;
    }
  }
  console.log(JSON.stringify(found));
})();
"""
_PACKAGE: Final = Path(__file__).parents[2] / "web" / "node_modules" / "gltf-validator"


def read_by_py3dtiles(folder: Path) -> int:
    """Let py3dtiles read a tileset with all its contents; return how many contents it read.

    Raises
    ------
    BadTileset3D
        When it cannot; the message names the file.
    """
    try:
        tileset = TileSet.from_file(folder / "tileset.json")
    except (Py3dtilesException, OSError, ValueError, KeyError, TypeError) as error:
        raise BadTileset3D(f"py3dtiles cannot read {folder.name}/tileset.json: {error}") from None
    read = 0
    for tile in [tileset.root_tile, *tileset.root_tile.get_all_children()]:
        if tile.content_uri is None:
            continue
        try:
            content = tile.get_or_fetch_content(tileset.root_uri)
        except (Py3dtilesException, OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise BadTileset3D(f"py3dtiles cannot read {folder.name}/{tile.content_uri}: {error}") from None
        read += content is not None
        tile.tile_content = None  # a city does not fit into memory
    return read


@dataclass(frozen=True, slots=True)
class Validated:
    """What gltf-validator found: files read, errors, warnings, and the first of them; or why it was not asked."""

    files: int = 0
    errors: int = 0
    warnings: int = 0
    first: str = ""
    not_run: str = ""


def validate_gltf(files: Sequence[Path], package: Path = _PACKAGE) -> Validated:
    """Ask gltf-validator about files; `not_run` says why when it is not on this machine.

    Raises
    ------
    BadTileset3D
        When the validator itself fails.
    """
    if shutil.which("node") is None:
        return Validated(not_run="Node is not installed")
    if not package.is_dir():
        return Validated(not_run=f"{package} does not exist: `npm ci` in web/ of a checkout puts it there")
    names = "\n".join(str(path.resolve()) for path in files)
    done = subprocess.run(["node", "-e", _SCRIPT, str(package)], input=names, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BadTileset3D(f"gltf-validator failed: {done.stderr.strip()[-300:]}")
    return Validated(**json.loads(done.stdout))
