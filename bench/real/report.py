"""Everything that real names tell of samehand, in one dictionary."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.real.crowd import alarms, mirrors
from bench.real.families import families, returning
from bench.real.groups import groups, typosquats
from bench.real.labelled import labelled
from bench.real.namesakes import DRAWN, namesakes
from bench.real.renames import renames
from bench.real.scenes import BACKGROUND, CROWD, INNOCENT, PAIRS, scenes

FILES: Final = (
    "cheater_name_families.csv",
    "typosquats.csv",
    "proscribed_group_aliases.csv",
    "name_match_cases.csv",
    "ordinary_handles.txt",
    "handle_renames.csv",
)


class NoRealNames(Exception):
    """The folder, or a file of it, is not there."""


@dataclass(frozen=True, slots=True)
class RealNames:
    """What the files hold. ``families``: display names of one person each, in the file's order.

    ``typosquats``: (original, imitation). ``aliases``: (group, alias). ``labelled``: two names and whether
    they are one bearer's. ``ordinary``: handles of people who imitate nobody.
    """

    families: dict[str, list[str]]
    typosquats: list[tuple[str, str]]
    aliases: list[tuple[str, str]]
    labelled: list[tuple[str, str, bool]]
    ordinary: list[str]
    renames: list[tuple[str, str]]


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
        typosquats=[(row["original"], row["imitation"]) for row in _rows(folder / FILES[1])],
        aliases=[(row["group"], row["alias"]) for row in _rows(folder / FILES[2])],
        labelled=[
            (row["name1"], row["name2"], row["is_match"] == "true") for row in _rows(folder / FILES[3])
        ],
        ordinary=(folder / FILES[4]).read_text(encoding="utf-8").splitlines(),
        renames=[(row["old"], row["new"]) for row in _rows(folder / FILES[5])],
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


QUICK: Final = Sizes(1_000, 200, 50, 500, 50)

Part = Callable[[RealNames, str, Sizes], Any]

PARTS: Final[Mapping[str, Part]] = {
    "families": lambda names, edits, sizes: families(names.families, names.ordinary),
    "families_returning": lambda names, edits, sizes: returning(names.families, names.ordinary),
    "typosquats": lambda names, edits, sizes: typosquats(names.typosquats, names.ordinary),
    "groups": lambda names, edits, sizes: groups(names.aliases, edits),
    "labelled": lambda names, edits, sizes: labelled(names.labelled),
    "ordinary_against_ordinary": lambda names, edits, sizes: alarms(names.ordinary),
    "made_mirrors": lambda names, edits, sizes: mirrors(names.ordinary),
    "namesakes": lambda names, edits, sizes: namesakes(drawn=sizes.namesakes),
    "renames": lambda names, edits, sizes: renames(names.renames, names.ordinary),
    "scenes": lambda names, edits, sizes: scenes(
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
    edits: str = "held_out",
    *,
    only: Sequence[str] = tuple(PARTS),
    sizes: Sizes = Sizes(),
    heard: Callable[[int], None] = lambda ready: None,
) -> dict[str, Any]:
    """The figures of some parts, ready for JSON; ``edits`` is a set of :data:`bench.kinds.KINDS`.

    ``heard`` is told how many parts are ready. Raises :class:`NoRealNames` where the folder
    does not hold the names.
    """
    names, told = read_names(folder), {}
    for ready, part in enumerate(only, 1):
        told[part] = PARTS[part](names, edits, sizes)
        heard(ready)
    return told
