"""``make bench-instructions``: counts the instructions of an event and holds them to the figure checked in.

``python -m bench.instructions [--write [--reason TEXT]]``. Valgrind's callgrind runs the process of
`bench.instructions.events`, whose answers of Redis were recorded just before by the same process at full
speed; only the events are counted. 0 where they cost at most a twentieth more than the figure, or where
something else counts here than where it was counted, which is said in one line; 1 where they cost more.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from bench.instructions.events import BANNED_UNTIL
from bench.running.filled import SEED, filled
from bench.running.scene import SOURCES

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


EVENTS: Final = 100
BANS: Final = 5_000
"""With four times as many bans an event takes 2 % more instructions, and the store half a minute to fill."""

_QUIET: Final = {
    # The order of sets and of dictionaries of strings decides how much is compared.
    "PYTHONHASHSEED": "0",
    # Threads of a library of linear algebra spin while they wait.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_NEEDED: Final = {"valgrind": "valgrind", "cc": "gcc", "setarch": "util-linux"}


def counted(events: int = EVENTS, bans: int = BANS) -> int:
    """Instructions of so many events against so many bans."""
    own = filled(bans, SEED, BANNED_UNTIL)
    with tempfile.TemporaryDirectory(prefix="samehand-instructions-") as scratch:
        folder = Path(scratch)
        originals, tape, library = folder / "originals", folder / "tape", folder / "collecting.so"
        originals.write_bytes(msgspec.msgpack.encode(own.originals))
        _run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(_source())])
        process = [sys.executable, "-m", "bench.instructions.events", "--tape", str(tape)]
        process += ["--originals", str(originals), "--events", str(events), "--bans", str(bans)]
        with own.server() as server:
            alerts = _run([*process, "--record", server.url])
        out = folder / "callgrind.out"
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}"]
        # Where memory lies decides what Python's tables of addresses collide in.
        under = ["setarch", "-R", *valgrind, *process, "--collecting", str(library)]
        if _run(under) != alerts:
            raise RuntimeError("what was counted found other alerts than what was recorded")
        return total(out.read_text("utf-8"))


def total(callgrind: str) -> int:
    """What callgrind counted in all, by its file."""
    found = re.search(r"^totals: (\d+)$", callgrind, re.MULTILINE)
    if found is None or int(found[1]) == 0:
        raise RuntimeError("callgrind counted nothing")
    return int(found[1])


def verdict(figure: Figure, instructions_an_event: int, counted_with: dict[str, str]) -> tuple[int, str]:
    """The exit code, and a line that says why."""
    now, was = instructions_an_event, figure.instructions_an_event
    if differing := other(figure, counted_with):
        return 0, f"{now:,} instructions an event; the figure was counted with {'; '.join(differing)}"
    ratio = now / was
    line = f"{now:,} instructions an event, {ratio:.3f} of {was:,}"
    if ratio > MORE_MAX:
        cure = "find what costs it, or raise the figure: make bench-instructions WRITE=1 REASON='…'"
        return 1, f"{line}: more than {MORE_MAX} of it; {cure}"
    if ratio < 1 / MORE_MAX:
        return 0, f"{line}: lower the figure with make bench-instructions WRITE=1"
    return 0, line


def _source() -> Path:
    return Path(str(files("bench.instructions").joinpath("collecting.c")))


def _run(command: list[str]) -> str:
    """What it prints. The mind is Python: machine code has other instructions, and a figure of its own."""
    done = subprocess.run(
        command, env={**os.environ, **_QUIET, **SOURCES}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr[-4_000:]}")
    return done.stdout


def main() -> int:
    """Counts, says what it found, and judges or writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="check this in as the figure")
    parser.add_argument("--reason", default="", help="why it is higher than the one before")
    given = parser.parse_args()
    missing = [package for program, package in _NEEDED.items() if shutil.which(program) is None]
    if missing:
        print(f"counting instructions needs {', '.join(missing)}", file=sys.stderr)
        return 1
    an_event, counted_with = round(counted() / EVENTS), here()
    old = read() if FIGURE.exists() else None
    if given.write:
        try:
            written(replaced(old, Figure(an_event, EVENTS, BANS, given.reason, counted_with)))
        except NeedsReason as fault:
            print(fault, file=sys.stderr)
            return 1
        print(f"{an_event:,} instructions an event, written to {FIGURE.name}")
        return 0
    if old is None:
        print(f"there is no figure yet; {an_event:,} instructions an event", file=sys.stderr)
        return 1
    code, line = verdict(old, an_event, counted_with)
    print(line, file=sys.stderr if code else sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())
