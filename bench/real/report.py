"""Everything that real names tell of samehand, in one dictionary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench.real.crowd import alarms, mirrors
from bench.real.families import families
from bench.real.groups import groups
from bench.real.labelled import labelled
from bench.real.names import read_names
from bench.real.renames import renames
from bench.real.scenes import scenes
from bench.real.typosquats import typosquats


def report(folder: Path, edits: str = "held_out") -> dict[str, Any]:
    """All figures, ready for JSON; ``edits`` is a set of :data:`bench.kinds.KINDS`.

    Raises :class:`bench.real.names.NoRealNames` where the folder does not hold the names.
    """
    names = read_names(folder)
    return {
        "families": families(names.families, names.ordinary),
        "typosquats": typosquats(names.typosquats, names.ordinary),
        "groups": groups(names.aliases, edits),
        "labelled": labelled(names.labelled),
        "ordinary_against_ordinary": alarms(names.ordinary),
        "made_mirrors": mirrors(names.ordinary),
        "renames": renames(names.renames, names.ordinary),
        "scenes": scenes(names.renames),
    }
