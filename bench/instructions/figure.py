"""The figure checked in, and what it was counted with: other compiled parts count otherwise."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

FIGURE: Final = Path(__file__).with_name("figure.json")

MORE_MAX: Final = 1.05
"""So much more than the figure is refused. Two runs of one program differ by less than a thousandth."""

COMPILED: Final = (
    *("numpy", "hiredis", "redis", "msgspec", "rapidfuzz", "uvloop", "structlog", "prometheus-client"),
)
"""The packages in which an event's instructions are spent, beside Python and the C library."""


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Instructions an event. ``reason``: why it is higher than the one before, "" where it is not."""

    instructions_an_event: int
    events: int
    bans: int
    reason: str
    counted_with: dict[str, str]


class NeedsReason(ValueError):  # says what is missing; "error" would add nothing
    """The figure may only be lowered, or raised with a reason."""


def here() -> dict[str, str]:
    """What counts on this machine. Python says when and by which compiler it was built."""
    found = {name: version(name) for name in COMPILED}
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    return {
        "python": sys.version.replace("\n", " "),
        "libc": " ".join(platform.libc_ver()),
        "machine": f"{platform.machine()}{' with avx2' if _has_avx2() else ''}",
        "valgrind": valgrind.stdout.strip(),
        **found,
    }


def _has_avx2() -> bool:
    """numpy and the C library choose by it what they run; valgrind hides what came after it."""
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False


def read(path: Path = FIGURE) -> Figure:
    return msgspec.json.decode(path.read_bytes(), type=Figure)


def replaced(old: Figure | None, new: Figure) -> Figure:
    """What is to be checked in. Raises :class:`NeedsReason` for one that is higher without a reason.

    Where it was counted with something else the two say nothing of each other.
    """
    if old is None or new.counted_with != old.counted_with:
        return new
    if new.instructions_an_event > old.instructions_an_event and not new.reason:
        raise NeedsReason(
            f"{new.instructions_an_event:,} instructions an event are more than "
            f"{old.instructions_an_event:,}: give a reason, which is checked in beside the figure"
        )
    return new


def written(new: Figure, path: Path = FIGURE) -> None:
    """Puts it in its place."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(new), indent=1) + b"\n")


def other(figure: Figure, counted_with: dict[str, str]) -> list[str]:
    """What counts otherwise here than where the figure was counted: `name there, not here`."""
    names = sorted({*figure.counted_with, *counted_with})
    return [
        f"{name} {figure.counted_with.get(name, 'none')}, here {counted_with.get(name, 'none')}"
        for name in names
        if figure.counted_with.get(name) != counted_with.get(name)
    ]
