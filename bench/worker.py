"""What a whole worker does in a second: its full job beside pass-through and beside a plain aiokafka loop.

In each turn each of them is a process of its own that reads the same events off a topic that was filled
while it stood still; the full jobs start from the same snapshot of a filled Redis. Where the mind is machine
code, a worker whose mind is Python is one of them, too. What counts is processor time, which the kernel tells
of the process and Redis of itself; the clock on the wall is told beside it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from agents.runtime.worker import form
from bench.page import in_words, machine, markdown
from bench.running.crowd import sign_ups
from bench.running.filled import SEED, Filled, environment, filled
from bench.running.scene import BROKERS, PASSING, PLAIN, SOURCES, WORKER, Running, Scene
from schemas.wire import encode

BANS: Final = 100_000
EVENTS: Final = 4_000
TURNS: Final = 3
GOAL_RATIO: Final = 0.25

WARM_UP: Final = 500
"""Events before the clock starts: code is loaded, connections are made, frequencies read."""
_PASSING_TIMES: Final = 15
"""Pass-through reads the events so many times, or its turn would be too short to be told from noise."""

PASS_THROUGH, FULL, AIOKAFKA = "pass-through", "samehand worker", "plain aiokafka loop"
UNCOMPILED: Final = "samehand worker, its mind in Python"
PROGRAMS: Final = {PASS_THROUGH: PASSING, FULL: WORKER, UNCOMPILED: WORKER, AIOKAFKA: PLAIN}


def contenders() -> tuple[str, ...]:
    """Who is measured: without machine code there is one worker."""
    return tuple(name for name in PROGRAMS if name != UNCOMPILED or form() == "compiled")


@dataclass(frozen=True, slots=True)
class Turn:
    """One contender in one turn. ``events`` were all acknowledged, or there would be no turn to tell of.

    Microseconds of the processors of the process and of Redis are an event's, and so are ``records``: of the
    candidates of a look-up those whose records were read. They are 0 of what reads none of its own.
    """

    events: int
    seconds: float
    worker_microseconds: float
    redis_microseconds: float
    alerts: int
    records: float = 0.0

    @property
    def microseconds(self) -> float:
        """Both together."""
        return self.worker_microseconds + self.redis_microseconds


@dataclass(frozen=True, slots=True)
class Row:
    """A contender over all turns: medians. ``ratio`` is pass-through's time an event over its own."""

    contender: str
    events_a_worker_second: float
    worker_microseconds: float
    redis_microseconds: float
    events_a_second: float
    ratio: float
    records: float


@dataclass(frozen=True, slots=True)
class Report:
    bans: int
    broker: str
    mirrors: int
    rows: list[Row]
    turns: dict[str, list[Turn]] = field(repr=False)
    machine: dict[str, str | int | float]

    @property
    def ratio(self) -> float:
        """What the full job reaches of pass-through."""
        return next(row.ratio for row in self.rows if row.contender == FULL)


def measured(
    bans: int = BANS, events: int = EVENTS, turns: int = TURNS, broker: str = "embedded", seed: int = SEED
) -> Report:
    """Runs all contenders, turn by turn."""
    own = filled(bans, seed)
    records = sign_ups(seed, bans, own.originals, WARM_UP + events, at=time.time())
    pairs = [(record.key.encode(), encode(record)) for record in records]
    found: dict[str, list[Turn]] = {name: [] for name in contenders()}
    with BROKERS[broker]() as running:
        for _ in range(turns):
            for name, several in found.items():
                several.append(turn(name, running.address, own, pairs))
    mirrors = max(one.alerts for one in found[FULL])
    return Report(bans, broker, mirrors, rows(found), found, machine())


def turn(name: str, broker: str, own: Filled, pairs: Sequence[tuple[bytes, bytes]]) -> Turn:
    """One contender reads the events off a topic that was filled while it stood still."""
    program, rest = PROGRAMS[name], list(pairs[WARM_UP:])
    url, clients = "redis://127.0.0.1:1/0", []
    with ExitStack() as stack:
        if program is PASSING:
            rest *= _PASSING_TIMES
        else:
            server = stack.enter_context(own.server())
            url, clients = server.url, [server.client]
        scene = stack.enter_context(Scene(broker, environment(url, own.pepper, own.bans)))
        process = scene.start(program, SOURCES if name == UNCOMPILED else {})
        spent = scene.timed(pairs[:WARM_UP], rest, clients)
        alerts = scene.count(scene.topics.alerts)
        records = _records(process) if program is WORKER else 0.0
        return Turn(len(rest), spent.seconds * len(rest), *spent.microseconds, alerts, records)


def _records(worker: Running) -> float:
    """Returns how many records of candidates the worker read an event."""
    [(_, total)], [(_, events)] = (worker.samples(f"samehand_candidates_{part}") for part in ("sum", "count"))
    return total / events


def rows(found: dict[str, list[Turn]]) -> list[Row]:
    passing = [one.worker_microseconds for one in found[PASS_THROUGH]]
    return [
        Row(
            contender=name,
            events_a_worker_second=median(1e6 / one.worker_microseconds for one in several),
            worker_microseconds=median(one.worker_microseconds for one in several),
            redis_microseconds=median(one.redis_microseconds for one in several),
            events_a_second=median(one.events / one.seconds for one in several),
            ratio=median(
                least / one.worker_microseconds for least, one in zip(passing, several, strict=True)
            ),
            records=median(one.records for one in several),
        )
        for name, several in found.items()
    ]


def table(one: Report) -> str:
    heads = (
        f"{one.bans:,} bans, {'Apache Kafka' if one.broker == 'kafka' else 'embedded broker'}",
        "events a second of the worker's processor",
        "worker + Redis µs an event",
        "events a second by the clock",
        "of pass-through",
    )
    return markdown(
        heads,
        (
            (
                row.contender,
                f"{row.events_a_worker_second:,.0f}",
                f"{row.worker_microseconds:,.0f} + {row.redis_microseconds:,.0f}",
                f"{row.events_a_second:,.0f}",
                f"{row.ratio:.3f}",
            )
            for row in one.rows
        ),
    )


def summary(one: Report) -> str:
    """What the table leaves out."""
    turns = one.turns[FULL]
    return "\n".join(
        (
            f"* {len(turns)} turns of {turns[0].events:,} events, {one.turns[PASS_THROUGH][0].events:,} of "
            f"pass-through; {one.mirrors} alerts a turn; no event lost",
            f"* goal: {GOAL_RATIO} of pass-through, reached {one.ratio:.3f}",
            f"* records of candidates read an event: {median(turn.records for turn in turns):.1f}",
            f"* on {in_words(one.machine)}",
        )
    )
