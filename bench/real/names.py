"""The folder of real names: its files, read as they are."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
