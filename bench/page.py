"""What a figure was measured on, and where it is kept: as JSON for programs, as the tables of docs."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from agents.runtime.worker import form
from bench.goals import table, with_instructions

_FORMS: Final = {"compiled": "compiled", "python": "in Python"}


def machine() -> dict[str, str | int | float]:
    """Processor, cores, memory, system, and how busy it was with other work when asked."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "mind": form(),
        "load_average_1min": round(os.getloadavg()[0], 2),
    }


def in_words(machine: dict[str, str | int | float]) -> str:
    """The same in one line for people."""
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']}, Python {machine['python']}, the mind {_FORMS[str(machine['mind'])]}, "
        f"load {machine['load_average_1min']}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


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
