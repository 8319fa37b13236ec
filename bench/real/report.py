"""Everything that real names tell of samehand, in one dictionary."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.real import laws
from bench.real.families import returning
from bench.real.namesakes import DRAWN, namesakes
from bench.real.renames import renames
from bench.real.scenes import BACKGROUND, CROWD, INNOCENT, PAIRS, scenes

FILES: Final = (
    "cheater_name_families.csv",
    "ordinary_handles.txt",
    "handle_renames.csv",
)


class NoRealNames(Exception):
    """The folder, or a file of it, is not there."""


@dataclass(frozen=True, slots=True)
class RealNames:
    """What the files hold. ``families``: display names of one person each, in the file's order.

    ``ordinary``: handles of people who imitate nobody. ``renames``: (old handle, new handle).
    """

    families: dict[str, list[str]]
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
        ordinary=(folder / FILES[1]).read_text(encoding="utf-8").splitlines(),
        renames=[(row["old"], row["new"]) for row in _rows(folder / FILES[2])],
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


QUICK: Final = Sizes(1_000, 200, 50, 500, 50, 10)

Part = Callable[[RealNames, Sizes], Any]

PARTS: Final[Mapping[str, Part]] = {
    "families_returning": lambda names, sizes: returning(names.families, names.ordinary),
    # On the half that tuning did not see.
    "laws": lambda names, sizes: [*laws.table(names.renames[1::2], seed=2, count=sizes.laws)],
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
