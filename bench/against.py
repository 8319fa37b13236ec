"""``make bench AGAINST=724460d``: a revision's worker and today's, by turns on the same bans and events.

``python -m bench.against REVISION [--bans 20000] [--events 2000] [--turns 5]``. Each has a store
that it filled itself, with bans that go back for two years, and in each turn a Redis that loads it, topics
and a group of its own. A ratio is today's over the revision's in one turn; its interval is Student's over the
turns, of logarithms.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any, Final

import msgspec

from bench.index.population import cache_folder
from bench.page import in_words, keep, machine, markdown
from bench.running.crowd import aged, ban, people, sign_ups
from bench.running.filled import SEED, Filled, environment, filled, midnight, parts, pepper_file
from bench.running.scene import BROKERS, Running, Scene
from bench.store.server import server
from schemas.wire import encode

ROOT: Final = Path(__file__).resolve().parents[1]

_COMPILED: Final = "build/compiled"
_WHOLE: Final = ".laid-aside"


class CannotBeLaid(RuntimeError):  # says what failed; "error" would add nothing
    """There is no such revision, or it cannot be installed; says what failed, and its last words."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A tree of ours that can run, as tables call it; Python looks into ``modules`` first.

    ``python -m`` runs the module ``command_line``.
    """

    name: str
    python: Path
    modules: str
    command_line: str = "cli"

    @property
    def environment(self) -> Mapping[str, str]:
        """Its processes find its own modules, wherever they are started."""
        return {"PYTHONSAFEPATH": "1", "PYTHONPATH": self.modules}

    @property
    def form(self) -> str:
        return "compiled" if self.modules else "in Python"


def today(environment: Mapping[str, str] = os.environ) -> Revision:
    """The tree that this runs from; its mind is machine code where `make` has put that first."""
    path = environment.get("PYTHONPATH", "")
    return Revision("today", Path(sys.executable), path if path.endswith(_COMPILED) else "")


def laid_aside(revision: str) -> Revision:
    """The revision, installed beside the populations that benches keep: made once, some minutes.

    Raises:
        CannotBeLaid: git does not know it, or it cannot be installed.
    """
    commit = (
        _said(["git", "-C", str(ROOT), "rev-parse", "--verify", f"{revision}^{{commit}}"]).strip().decode()
    )
    root = cache_folder() / "revisions" / commit
    if not (root / _WHOLE).exists():
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        with tarfile.open(fileobj=BytesIO(_said(["git", "-C", str(ROOT), "archive", commit]))) as files:
            files.extractall(root, filter="data")
        python = Path(sys.base_prefix) / "bin" / "python3"  # both run on the same
        _said(["make", "-C", str(root), "install", f"PYTHON={python}"])
        if shutil.which("cc") and re.search(
            r"^compiled:", (root / "Makefile").read_text("utf-8"), re.MULTILINE
        ):
            _said(["make", "-C", str(root), "compiled"])
        (root / _WHOLE).touch()
    compiled = root / _COMPILED
    modules = str(compiled) if compiled.exists() else ""
    # Until November 2026 the command line lay in the desk's folder.
    command_line = "cli" if (root / "cli").exists() else "desk.cli"
    return Revision(commit[:7], root / ".venv" / "bin" / "python", modules, command_line)


def _said(command: list[str]) -> bytes:
    clean = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")
    }
    done = subprocess.run(command, env=clean, capture_output=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).decode(errors="replace")[-2_000:]
        raise CannotBeLaid(f"{' '.join(command[:4])} failed:\n{words}")
    return done.stdout


BANS: Final = 20_000
EVENTS: Final = 2_000
TURNS: Final = 5

_WARM_UP: Final = 500
_SETTLE_SECONDS: Final = 1.0
_RUN_SECONDS_MAX: Final = 1_800.0
#: Student's t, two-sided at 95 %, for so many turns; beyond them it is hardly smaller.
_STUDENT: Final = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
_STUDENT_OF_MORE: Final = 2.23


@dataclass(frozen=True, slots=True)
class Side:
    """Who is compared: a tree that can run, and a store that it filled."""

    revision: Revision
    filled: Filled


@dataclass(frozen=True, slots=True)
class Turn:
    """One side's turn, all an event but ``alerts`` and the rate by the clock.

    ``records`` are candidates whose records the look-up read, and ``records_p99`` the bound of the
    histogram's bucket that the 99th of a hundred events lies in.
    """

    worker_microseconds: float
    redis_microseconds: float
    bytes_from_redis: float
    records: float
    records_p99: float
    events_a_second: float
    alerts: int


@dataclass(frozen=True, slots=True)
class Report:
    """One run. ``turns`` by side, in the order in which they were measured."""

    revision: str
    forms: dict[str, str]
    bans: int
    events: int
    turns: dict[str, list[Turn]]
    machine: dict[str, str | int | float]


def measured(revision: str, bans: int = BANS, events: int = EVENTS, turns: int = TURNS) -> Report:
    """Lays the revision aside, fills both stores, and has both workers read the same events in turn.

    Raises:
        CannotBeLaid: the revision cannot be installed.
    """
    other, own = laid_aside(revision), today()
    until = midnight()
    with BROKERS["embedded"]() as broker:
        here = filled(bans, SEED, until)
        sides = [Side(other, rebuilt(other, here, until, broker.address)), Side(own, here)]
        records = sign_ups(SEED, bans, here.originals, _WARM_UP + events, at=time.time())
        pairs = [(record.key.encode(), encode(record)) for record in records]
        found: dict[str, list[Turn]] = {side.revision.name: [] for side in sides}
        for number in range(turns):
            # Who comes first in a turn comes second in the next: what drifts is shared.
            for side in sides if number % 2 == 0 else reversed(sides):
                found[side.revision.name].append(turn(side, broker.address, pairs))
    forms = {side.revision.name: side.revision.form for side in sides}
    return Report(other.name, forms, bans, events, found, machine())


def rebuilt(revision: Revision, here: Filled, until: float, broker: str) -> Filled:
    """A store of the same bans as a revision fills it: by its own `samehand rebuild`."""
    snapshot = cache_folder() / f"against-{revision.name}-{here.bans}-{SEED}-{int(until)}.rdb"
    if not snapshot.exists():
        with server() as running:
            may_do_everything(running.client)
            with Scene(broker, environment(running.url, pepper_file(), here.bans)) as scene:
                scene.publish(scene.topics.banned, _banned(here.bans, until))
                done = subprocess.run(
                    [revision.python, "-m", revision.command_line, "rebuild", "--from-start", "--json"],
                    env={**os.environ, **scene.environment, **revision.environment},
                    capture_output=True,
                    text=True,
                    check=False,
                )
            if done.returncode or msgspec.json.decode(done.stdout)["fingerprints"] != here.bans:
                words = f"{done.stdout}{done.stderr[-2_000:]}"
                raise CannotBeLaid(f"{revision.name} does not rebuild:\n{words}")
            running.keep(snapshot)
    return Filled(here.bans, snapshot, here.pepper, here.originals)


def _banned(bans: int, until: float) -> Iterator[tuple[bytes, bytes]]:
    for part in parts(bans):  # who is drawn depends on where a part begins
        for number, person in zip(part, people(SEED, bans, part), strict=True):
            record = ban(number, person, aged(number, until))
            yield record.key.encode(), encode(record)


def may_do_everything(client: Any) -> None:
    """Whoever names nobody: another revision's worker needs rights that today's has no use for."""
    client.execute_command("ACL", "SETUSER", "default", "on", "nopass", "~*", "&*", "+@all")


def turn(side: Side, broker: str, pairs: Sequence[tuple[bytes, bytes]]) -> Turn:
    """One worker, warm, reads the events."""
    events, revision = pairs[_WARM_UP:], side.revision
    with side.filled.server() as server:
        may_do_everything(server.client)
        own = environment(server.url, side.filled.pepper, side.filled.bans)
        with Scene(broker, own) as scene:
            created = scene.topics.created
            scene.publish(created, pairs[:_WARM_UP])
            program = (revision.command_line, "worker")
            worker = scene.start(program, environment=revision.environment, python=revision.python)
            scene.until_committed(created, _WARM_UP)
            time.sleep(_SETTLE_SECONDS)
            read_before, before = _read(worker), scene.spent([server.client])
            scene.publish(created, events)
            scene.until_committed(created, len(pairs), _RUN_SECONDS_MAX)
            spent, read = scene.spent([server.client]).an_event(before, len(events)), _read(worker)
            alerts = scene.count(scene.topics.alerts)
    read = {name: value - read_before.get(name, 0.0) for name, value in read.items()}
    looked_up, total = read.pop("count", 0.0), read.pop("sum", 0.0)
    bounds = sorted((float(bound), held) for bound, held in read.items())
    worker_microseconds, redis_microseconds = spent.microseconds
    return Turn(
        worker_microseconds=worker_microseconds,
        redis_microseconds=redis_microseconds,
        bytes_from_redis=spent.redis_out_bytes,
        records=total / looked_up if looked_up else math.nan,
        records_p99=next((bound for bound, held in bounds if 0 < 0.99 * looked_up <= held), math.nan),
        events_a_second=1 / spent.seconds,
        alerts=alerts,
    )


def _read(worker: Running) -> dict[str, float]:
    """A worker's histogram of candidates read: its sum, its count, and what each bucket's bound holds."""
    read = defaultdict[str, float](float)
    for part in ("sum", "count", "bucket"):
        for labels, value in worker.samples(f"samehand_candidates_{part}"):
            read[labels.get("le", part)] += value
    return read


@dataclass(frozen=True, slots=True)
class Ratio:
    """Today's over the revision's: the geometric mean over turns and its interval at 95 %."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.3f} [{self.low:.3f}, {self.high:.3f}]"


def ratio(olds: Sequence[float], news: Sequence[float]) -> Ratio | None:
    """Over pairs of one turn; ``None`` where a figure is missing or 0, or where there is a single turn."""
    if len(olds) < 2 or not all(math.isfinite(one) and one > 0 for one in (*olds, *news)):
        return None
    logs = [math.log(new / old) for old, new in zip(olds, news, strict=True)]
    middle = mean(logs)
    half = _STUDENT.get(len(logs), _STUDENT_OF_MORE) * stdev(logs) / math.sqrt(len(logs))
    return Ratio(math.exp(middle), math.exp(middle - half), math.exp(middle + half))


_ROWS: Final[dict[str, tuple[Callable[[Turn], float], str]]] = {
    "worker µs an event": (lambda it: it.worker_microseconds, ",.0f"),
    "Redis µs an event": (lambda it: it.redis_microseconds, ",.0f"),
    "both together": (lambda it: it.worker_microseconds + it.redis_microseconds, ",.0f"),
    "bytes from Redis an event": (lambda it: it.bytes_from_redis, ",.0f"),
    "records read an event, mean": (lambda it: it.records, ",.1f"),
    "the same, p99 at most": (lambda it: it.records_p99, ",.0f"),
    "events a second by the clock": (lambda it: it.events_a_second, ",.0f"),
    "alerts a turn": (lambda it: float(it.alerts), ",.0f"),
}


def table(one: Report) -> str:
    """For people: medians, and ratios with their intervals."""
    old, new = one.turns[one.revision], one.turns["today"]
    rows = []
    for words, (of, form) in _ROWS.items():
        olds, news = [of(it) for it in old], [of(it) for it in new]
        cells = (f"{median(olds):{form}}", f"{median(news):{form}}", ratio(olds, news) or "")
        rows.append((words, *cells))
    heads = (
        f"{one.bans:,} bans of two years",
        f"{one.revision}, {one.forms[one.revision]}",
        f"today, {one.forms['today']}",
        f"today / {one.revision} [95 %]",
    )
    return (
        f"{markdown(heads, rows)}\n\n* {len(old)} turns of {one.events:,} events each, by turns; none lost\n"
        f"* on {in_words(one.machine)}"
    )


def medians(report: Report) -> dict[str, Any]:
    """Returns what ``bench.json`` keeps: the ratio of both processors together, and today's reading."""
    old, new = report.turns[report.revision], report.turns["today"]
    ratios = [
        (own.worker_microseconds + own.redis_microseconds)
        / (other.worker_microseconds + other.redis_microseconds)
        for own, other in zip(new, old, strict=True)
    ]
    return {
        "revision": report.revision,
        "bans": report.bans,
        "both": median(ratios),
        "bytes_an_event": median(turn.bytes_from_redis for turn in new),
        "records_an_event": median(turn.records for turn in new),
        "machine": report.machine,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision")
    parser.add_argument("--bans", type=int, default=BANS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--out", type=Path, help="bench.json, which gets the medians")
    parser.add_argument("--note", type=Path, help="docs/performance/README.md, whose goals are written anew")
    chosen = parser.parse_args()
    try:
        found = measured(chosen.revision, chosen.bans, chosen.events, chosen.turns)
    except CannotBeLaid as fault:
        print(fault, file=sys.stderr)
        return 1
    print(table(found))
    keep("against", table(found), medians(found), out=chosen.out, page=chosen.note)
    return 0


if __name__ == "__main__":
    sys.exit(main())
