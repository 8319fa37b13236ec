"""``make bench``: everything that is measured here, as tables and one JSON file.

``python -m bench [--quick] [--bans 100000,1000000] [--only PART,…] [--out FILE]``. Parts
are measured one after the other, and what a part found is written before the next begins: one that
fails loses nobody else's hour. ``--quick`` is a run of some minutes on a few thousand bans: it shows
that everything works, and ratios to brute force grow with the bans.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import latency, lookup, memory, scale, soak, worker
from bench.page import keep
from bench.running.scene import BROKERS
from local.binaries import NotAvailable

_QUICK_BANS, _BANS = "8000", "100000,1000000"


@dataclass(frozen=True, slots=True)
class Chosen:
    """How much is measured: sizes of the look-up bench, the largest of them for whole workers too."""

    sizes: list[int]
    quick: bool

    @property
    def bans(self) -> int:
        return max(self.sizes)


Told = tuple[str, Any]
"""A table for people, and the same for programs."""


def _shown(bench: Any, found: Any) -> Told:
    """What a module of a bench makes of what it found: its table, and its summary where it has one."""
    words = [part(found) for name in ("table", "summary") if (part := getattr(bench, name, None))]
    plain = [asdict(one) for one in found] if isinstance(found, list) else asdict(found)
    return "\n\n".join(words), plain


def _lookups(chosen: Chosen) -> Told:
    found = [asyncio.run(lookup.report(size, 2 if chosen.quick else 5)) for size in chosen.sizes]
    return "\n\n".join(_shown(lookup, one)[0] for one in found), [asdict(one) for one in found]


def _memory(chosen: Chosen) -> Told:
    bans = 2_000 if chosen.quick else 50_000
    return _shown(memory, [asyncio.run(memory.measured(case, bans)) for case in memory.CASES])


def _latency(chosen: Chosen) -> Told:
    rates, seconds = ((20,), 5.0) if chosen.quick else (latency.RATES, latency.SECONDS)
    found = []
    for broker in sorted(BROKERS):
        try:
            found.append(latency.measured(chosen.bans, rates, seconds, broker))
        except NotAvailable as fault:
            print(f"latency on {broker} is not measured: {fault}", file=sys.stderr)
    return _shown(latency, found)


def _events(chosen: Chosen) -> tuple[int, int]:
    """The events and turns of whole workers."""
    return (400, 1) if chosen.quick else (worker.EVENTS, worker.TURNS)


PARTS: Mapping[str, Callable[[Chosen], Told]] = {
    "lookups": _lookups,
    "memory": _memory,
    "worker": lambda chosen: _shown(worker, worker.measured(chosen.bans, *_events(chosen))),
    "latency": _latency,
    "soak": lambda chosen: _shown(soak, soak.measured(*((2_000, 0.5) if chosen.quick else ()))),
    "scale": lambda chosen: _shown(
        scale, scale.measured(*((500, 100, (500, 1_000)) if chosen.quick else ()))
    ),
}
"""What is measured, by its name in ``bench.json``."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--bans", help=f"sizes of the look-up bench, comma-separated; {_BANS}")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, comma-separated; all of them")
    parser.add_argument("--out", type=Path, help="where the JSON goes; parts left out stay as they are in it")
    given = parser.parse_args()
    sizes = [int(one) for one in (given.bans or (_QUICK_BANS if given.quick else _BANS)).split(",")]
    chosen = Chosen(sizes, given.quick)
    for name in given.only.split(","):
        table, plain = PARTS[name](chosen)
        print(f"{table}\n", flush=True)
        if given.out:
            keep(name, plain, given.out)


if __name__ == "__main__":
    main()
