"""What a figure was measured on, and where it is kept: as JSON for programs, as tables for people."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from agents.runtime.worker import form

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


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def keep(part: str, plain: Any, out: Path) -> None:
    """Writes one part into ``bench.json``; parts that were not measured stay as they are in it."""
    found = json.loads(out.read_text("utf-8")) if out.exists() else {}
    out.write_text(json.dumps(found | {part: plain}, indent=1) + "\n", "utf-8")
