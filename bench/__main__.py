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

from bench import desk, gate, in_a_day, latency, lookup, memory, mind, recall, scale, soak, worker
from bench.page import keep
from bench.running.scene import BROKERS
from local import postgres
from local.binaries import NotAvailable

_QUICK_BANS, _QUICK_ROUNDS, _QUICK_MEMORY_BANS = "8000", 2, 2_000
_BANS, _ROUNDS, _MEMORY_BANS = "100000,1000000", 5, 50_000
_QUICK_MIND, _MIND = (2_000, 100), (20_000, 2_000)  # bans, events
_QUICK_WORKER, _WORKER = (400, 1), (worker.EVENTS, worker.TURNS)  # events, turns
_QUICK_LATENCY, _LATENCY = ((20,), 5.0), (latency.RATES, latency.SECONDS)  # rates, seconds each

_QUICK_SCALE, _SCALE = (
    (500, 100, (500, 1_000)),
    (scale.BANS, scale.EVENTS, scale.SIZES),
)
_QUICK_GROWTH, _GROWTH = ((1_000, 4_000), 10), (recall.SIZES, recall.EACH)  # sizes, disguises a kind
_QUICK_SOAK, _SOAK = (2_000, 0.5), (soak.BANS, soak.MINUTES)  # bans, minutes
_QUICK_DESK, _DESK = (2_000, 20), (desk.ALERTS, desk.TIMES)  # alerts, requests of each kind
_QUICK_GATE, _GATE = (20, 3), (gate.RATE, gate.SECONDS)  # calls a second, seconds


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
    rounds = _QUICK_ROUNDS if chosen.quick else _ROUNDS
    found = [asyncio.run(lookup.report(size, rounds, frozenset(without))) for size in chosen.sizes]
    text = "\n\n".join(f"{lookup.table(one)}\n\n{lookup.summary(one)}" for one in found)
    return text, [asdict(one) for one in found]


def _memory(chosen: Chosen) -> Told:
    bans = _QUICK_MEMORY_BANS if chosen.quick else _MEMORY_BANS
    found = [asyncio.run(memory.measured(case, bans)) for case in memory.CASES]
    return memory.table(found), [asdict(one) for one in found]


def _mind(chosen: Chosen) -> Told:
    found = asyncio.run(mind.measured(*(_QUICK_MIND if chosen.quick else _MIND)))
    return mind.table(found), [asdict(found)]


def _worker(chosen: Chosen) -> Told:
    found = worker.measured(chosen.bans, *(_QUICK_WORKER if chosen.quick else _WORKER))
    return f"{worker.table(found)}\n\n{worker.summary(found)}", asdict(found)


def _latency(chosen: Chosen) -> Told:
    rates, seconds = _QUICK_LATENCY if chosen.quick else _LATENCY
    found = []
    for broker in sorted(BROKERS):
        try:
            found.append(latency.measured(chosen.bans, rates, seconds, broker))
        except NotAvailable as fault:
            print(f"latency on {broker} is not measured: {fault}", file=sys.stderr)
    return f"{latency.table(found)}\n\n{latency.summary(found)}", [asdict(one) for one in found]


def _soak(chosen: Chosen) -> Told:
    found = soak.measured(*(_QUICK_SOAK if chosen.quick else _SOAK))
    return f"{soak.table(found)}\n\n{soak.summary(found)}", asdict(found)


def _scale(chosen: Chosen) -> Told:
    found = scale.measured(*(_QUICK_SCALE if chosen.quick else _SCALE))
    return f"{scale.table(found)}\n\n{scale.summary(found)}", asdict(found)


def _growth(chosen: Chosen) -> Told:
    found = recall.growth(*(_QUICK_GROWTH if chosen.quick else _GROWTH))
    return recall.growth_table(found), {size: asdict(one) for size, one in found.items()}


def _in_a_day(chosen: Chosen) -> Told:
    try:
        found = in_a_day.measured(min(chosen.sizes), *(_QUICK_WORKER if chosen.quick else _WORKER))
    except NotAvailable as fault:
        return f"not measured: {fault}", None
    return f"{in_a_day.table(found)}\n\n{in_a_day.summary(found)}", asdict(found)


def _gate(chosen: Chosen) -> Told:
    found = gate.measured(chosen.bans, *(_QUICK_GATE if chosen.quick else _GATE))
    return gate.table(found), asdict(found)


def _desk(chosen: Chosen) -> Told:
    found = desk.measured(*(_QUICK_DESK if chosen.quick else _DESK))
    return desk.table(found), [asdict(one) for one in found]


PARTS: Mapping[str, Callable[[Chosen], Told]] = {
    "lookups": _lookups,
    "memory": _memory,
    "mind": _mind,
    "worker": _worker,
    "latency": _latency,
    "soak": _soak,
    "scale": _scale,
    "growth": _growth,
    "in_a_day": _in_a_day,
    "gate": _gate,
    "desk": _desk,
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
