"""``make bench``: everything that is measured here, as tables and one JSON file.

``python -m bench [--quick] [--bans 100000,1000000] [--only PART,…] [--out FILE] [--note FILE]``. Parts
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
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench import (
    desk,
    gate,
    in_a_day,
    latency,
    lookup,
    memory,
    mind,
    recall,
    reports,
    scale,
    soak,
    statements,
    worker,
)
from bench.page import keep
from bench.running.scene import BROKERS
from local import postgres
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
    without = set[str]()
    if find_spec("datasketch") is None:
        print("datasketch is not installed: measured without it (`make bench` installs it)", file=sys.stderr)
        without.add(lookup.MINHASH)
    try:
        postgres.programs()
    except NotAvailable as fault:
        print(f"pg_trgm is not measured: {fault}", file=sys.stderr)
        without.add(lookup.TRIGRAMS)
    rounds = 2 if chosen.quick else 5
    found = [asyncio.run(lookup.report(size, rounds, frozenset(without))) for size in chosen.sizes]
    return "\n\n".join(_shown(lookup, one)[0] for one in found), [asdict(one) for one in found]


def _memory(chosen: Chosen) -> Told:
    bans = 2_000 if chosen.quick else 50_000
    return _shown(memory, [asyncio.run(memory.measured(case, bans)) for case in memory.CASES])


def _mind(chosen: Chosen) -> Told:
    bans, events = (2_000, 100) if chosen.quick else (20_000, 2_000)
    found = asyncio.run(mind.measured(bans, events))
    return mind.table(found), [asdict(found)]


def _latency(chosen: Chosen) -> Told:
    rates, seconds = ((20,), 5.0) if chosen.quick else (latency.RATES, latency.SECONDS)
    found = []
    for broker in sorted(BROKERS):
        try:
            found.append(latency.measured(chosen.bans, rates, seconds, broker))
        except NotAvailable as fault:
            print(f"latency on {broker} is not measured: {fault}", file=sys.stderr)
    return _shown(latency, found)


def _growth(chosen: Chosen) -> Told:
    sizes, each = ((1_000, 4_000), 10) if chosen.quick else (recall.SIZES, recall.EACH)
    found = recall.growth(sizes, each)
    return recall.growth_table(found), {size: asdict(one) for size, one in found.items()}


def _in_a_day(chosen: Chosen) -> Told:
    try:
        return _shown(in_a_day, in_a_day.measured(min(chosen.sizes), *_events(chosen)))
    except NotAvailable as fault:
        return f"not measured: {fault}", None


def _reports(chosen: Chosen) -> Told:
    table, plain = _shown(reports, reports.measured(*((2_000,) if chosen.quick else ())))
    stated = statements.measured(*((100, 500) if chosen.quick else ()))
    return f"{table}\n\n{statements.table(stated)}", plain


def _events(chosen: Chosen) -> tuple[int, int]:
    """The events and turns of whole workers."""
    return (400, 1) if chosen.quick else (worker.EVENTS, worker.TURNS)


PARTS: Mapping[str, Callable[[Chosen], Told]] = {
    "lookups": _lookups,
    "memory": _memory,
    "mind": _mind,
    "worker": lambda chosen: _shown(worker, worker.measured(chosen.bans, *_events(chosen))),
    "latency": _latency,
    "soak": lambda chosen: _shown(soak, soak.measured(*((2_000, 0.5) if chosen.quick else ()))),
    "scale": lambda chosen: _shown(
        scale, scale.measured(*((500, 100, (500, 1_000)) if chosen.quick else ()))
    ),
    "growth": _growth,
    "in_a_day": _in_a_day,
    "gate": lambda chosen: _shown(
        gate, gate.measured(chosen.bans, *((20, 3) if chosen.quick else (gate.RATE, gate.SECONDS)))
    ),
    "reports": _reports,
    "desk": lambda chosen: _shown(
        desk, desk.measured(*((2_000, 20) if chosen.quick else (desk.ALERTS, desk.TIMES)))
    ),
}
"""What is measured, by its name in ``bench.json``."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--bans", help=f"sizes of the look-up bench, comma-separated; {_BANS}")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, comma-separated; all of them")
    parser.add_argument("--out", type=Path, help="where the JSON goes; parts left out stay as they are in it")
    parser.add_argument(
        "--note",
        type=Path,
        help="docs/performance/README.md: its goals, and docs/scale.md, are written anew",
    )
    given = parser.parse_args()
    sizes = [int(one) for one in (given.bans or (_QUICK_BANS if given.quick else _BANS)).split(",")]
    chosen = Chosen(sizes, given.quick)
    for name in given.only.split(","):
        table, plain = PARTS[name](chosen)
        print(f"{table}\n", flush=True)
        keep(name, table, plain, out=given.out, page=given.note)


if __name__ == "__main__":
    main()
