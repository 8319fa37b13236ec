"""Everything that real names tell of samehand, in one dictionary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.real.crowd import alarms, mirrors
from bench.real.families import families, returning
from bench.real.groups import groups
from bench.real.labelled import labelled
from bench.real.names import RealNames, read_names
from bench.real.namesakes import DRAWN, namesakes
from bench.real.renames import renames
from bench.real.scenes import BACKGROUND, CROWD, INNOCENT, PAIRS, scenes
from bench.real.typosquats import typosquats


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

    ``heard`` is told how many parts are ready. Raises :class:`bench.real.names.NoRealNames` where the folder
    does not hold the names.
    """
    names, told = read_names(folder), {}
    for ready, part in enumerate(only, 1):
        told[part] = PARTS[part](names, edits, sizes)
        heard(ready)
    return told
