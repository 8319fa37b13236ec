"""``python -m bench.real --data DIR [--only scenes,renames] [--quick] [--note FILE] [--json]``.

What samehand makes of real names. They are no part of the project: a folder of them is given, by ``--data``
or ``SAMEHAND_REAL_NAMES``. The scenes take half an hour of two cores, most of it among background bans. Ends
with 1 where a pair of the scenes got worse by a fact more.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bench.real import kinds, laws
from bench.real.namesakes import DRAWN, namesakes
from bench.real.renames import renames, returning
from bench.real.scenes import BACKGROUND, CROWD, INNOCENT, PAIRS, scenes
from bench.real.tables import tables
from cli import output
from tools.reference_tables import fill_in

FILES: Final = (
    *("cheater_name_families.csv", "ordinary_handles.txt", "handle_renames.csv"),
    "proscribed_group_aliases.csv",
)


class NoRealNames(Exception):
    """The folder, or a file of it, is not there."""


@dataclass(frozen=True, slots=True)
class RealNames:
    """What the files hold. ``families``: display names of one person each, in the file's order.

    ``ordinary``: handles of people who imitate nobody. ``renames``: (old handle, new handle).
    ``aliases``: names of listed groups.
    """

    families: dict[str, list[str]]
    ordinary: list[str]
    renames: list[tuple[str, str]]
    aliases: list[str]


def read_names(folder: Path) -> RealNames:
    """Reads the folder. Raises :class:`NoRealNames` where a file is missing."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise NoRealNames(f"{folder}: no {missing[0]} there; real names are no part of the project")
    families: dict[str, list[str]] = {}
    for row in _rows(folder / FILES[0]):
        families.setdefault(row["family"], []).append(row["display_name"])
    return RealNames(
        families=families,
        ordinary=(folder / FILES[1]).read_text(encoding="utf-8").splitlines(),
        renames=[(row["old"], row["new"]) for row in _rows(folder / FILES[2])],
        aliases=[row["alias"] for row in _rows(folder / FILES[3])],
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the scenes are (:func:`bench.real.scenes.scenes`), and how many namesakes a language has."""

    background: int = BACKGROUND
    innocent: int = INNOCENT
    households: int = PAIRS
    crowd: int = CROWD
    namesakes: int = DRAWN
    laws: int = laws.PAIRS
    channels: int = kinds.CASES


QUICK: Final = Sizes(1_000, 200, 50, 500, 50, 10, 5)

Part = Callable[[RealNames, Sizes], Any]

PARTS: Final[Mapping[str, Part]] = {
    "families_returning": lambda names, sizes: returning(names.families, names.ordinary),
    # On the half that tuning did not see.
    "laws": lambda names, sizes: [*laws.table(names.renames[1::2], seed=2, count=sizes.laws)],
    "kinds": lambda names, sizes: [*kinds.table(names.aliases[1::2], seed=2, count=sizes.channels)],
    "namesakes": lambda names, sizes: namesakes(drawn=sizes.namesakes),
    "renames": lambda names, sizes: renames(names.renames, names.ordinary),
    "scenes": lambda names, sizes: scenes(
        names.renames,
        background=sizes.background,
        innocent=sizes.innocent,
        households=sizes.households,
        crowd=sizes.crowd,
    ),
}
"""What is measured, the longest last."""


def report(
    folder: Path,
    *,
    only: Sequence[str] = tuple(PARTS),
    sizes: Sizes = Sizes(),
    heard: Callable[[int], None] = lambda ready: None,
) -> dict[str, Any]:
    """The figures of some parts, ready for JSON; ``heard`` is called with how many parts are ready.

    Raises :class:`NoRealNames` where the folder does not hold the names.
    """
    names, told = read_names(folder), {}
    for ready, part in enumerate(only, 1):
        told[part] = PARTS[part](names, sizes)
        heard(ready)
    return told


FOLDER_VARIABLE = "SAMEHAND_REAL_NAMES"


def main() -> int:
    """0 with the figures on standard output, 1 if a pair got worse; 2 and one line without the names."""
    parser = argparse.ArgumentParser(prog="python -m bench.real", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get(FOLDER_VARIABLE), metavar="DIR")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, comma-separated; all of them")
    parser.add_argument("--background", type=int, help="bans behind the scenes, 100,000")
    parser.add_argument("--quick", action="store_true", help="few of everything: shows that all runs")
    parser.add_argument("--note", type=Path, help="fill the tables of this note in")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    only = given.only.split(",")
    if unknown := [part for part in only if part not in PARTS]:
        print(f"{unknown[0]} is no part; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    if given.data is None:
        print(f"no real names: give a folder of them by --data or {FOLDER_VARIABLE}", file=sys.stderr)
        return 2
    sizes = QUICK if given.quick else Sizes()
    if given.background is not None:
        sizes = replace(sizes, background=given.background)
    try:
        with output.progress("parts measured", len(only)) as heard:
            told = report(Path(given.data), only=only, sizes=sizes, heard=heard)
    except NoRealNames as fault:
        print(fault, file=sys.stderr)
        return 2
    if given.note is not None:
        fill_in(given.note, tables(told))
    shown = "\n\n".join(tables(told).values())
    print(json.dumps(told, ensure_ascii=False, indent=2) if given.json else shown)
    return int(bool(told.get("scenes", {}).get("worse")))


if __name__ == "__main__":
    raise SystemExit(main())
