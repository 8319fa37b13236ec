"""On which line of a TOML file a key stands: the standard parser says so of no key that it could read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

Path = tuple[str | int, ...]
"""Keys, and of arrays of tables the place from 0."""


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, from 1, of a key or of the nearest table that it would stand in."""
    offsets = positions(text)
    for length in range(len(path), 0, -1):
        if (line := offsets.get(tuple(path[:length]))) is not None:
            return line
    return 1


def positions(text: str) -> Mapping[Path, int]:
    """The first line of every key and table that begins one.

    What stands within an inline table has the line of that; a text over several lines may hold what looks
    like a key, and may then be named instead.
    """
    offsets: dict[Path, int] = {}
    places: dict[Path, int] = {}  # of each array of tables, the place of its last
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            keys = _keys(bare)
            if keys is None:
                continue
            appends = bare.startswith("[[")
            table = ()
            for depth, key in enumerate(keys, 1):
                table = (*table, key)
                if depth == len(keys) and appends:
                    places[table] = places.get(table, -1) + 1
                if table in places:
                    table = (*table, places[table])
            offsets.setdefault(table, number)
        elif "=" in bare and (keys := _keys(f"{bare.partition('=')[0]} = 0")) is not None:
            for length in range(1, len(keys) + 1):
                offsets.setdefault((*table, *keys[:length]), number)
    return offsets


def _keys(line: str) -> tuple[str, ...] | None:
    """The keys that a line names, one within the other."""
    try:
        read = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    keys = []
    inner: Any = read
    while isinstance(inner, dict) and len(inner) == 1:
        [(key, inner)] = inner.items()
        keys.append(key)
    return tuple(keys) or None
