"""Keeps what a bench found: as JSON for programs, and as the tables of docs/performance."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.goals import table, with_instructions

ELSEWHERE: Final[Mapping[str, str]] = dict.fromkeys(("scale", "growth"), "../scale.md")
"""Parts whose whole table stands in a file, as it is reached from the page's folder."""


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def keep(part: str, shown: str, plain: Any, *, out: Path | None, page: Path | None) -> None:
    """Writes one part into ``bench.json`` (`out`); parts that were not measured stay as they are in it.

    From all of them the page's table of goals is written anew. `shown`: the part's table.
    """
    found: dict[str, Any] = {}
    if out is not None:
        found = json.loads(out.read_text("utf-8")) if out.exists() else {}
        found[part] = plain
        out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if page is None:
        return
    if part in ELSEWHERE:
        _fill(page.parent / ELSEWHERE[part], part, shown)
    _fill(page, "goals", table(with_instructions(found)))


def _fill(page: Path, name: str, text: str) -> None:
    page.write_text(filled(page.read_text("utf-8"), name, text), "utf-8")


def filled(page: str, name: str, text: str) -> str:
    """Returns the page with the text between its marks. Raises ``ValueError`` where there are none."""
    page, places = re.subn(
        rf"(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", partial(_between, text), page, flags=re.DOTALL
    )
    if places != 1:
        raise ValueError(f"there is no place for {name}")
    return page


def _between(text: str, place: re.Match[str]) -> str:
    return place[1] + text + place[2]
