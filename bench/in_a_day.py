"""The whole job beside what one would write in a day: the same sign-ups off the same broker, the same bans.

``make bench ONLY=in_a_day``. The other one is :mod:`bench.running.in_a_day`: quixstreams, exact look-ups in
Redis, names by ``pg_trgm``. The bench measures wall-clock time from the first event to the last commit; each
contender runs alone with its servers. Recall is the share of mirrors with an alert on the right ban. Of the
other's alerts only the best count, as many as samehand sends.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types

from bench.page import in_words, machine, markdown
from bench.running import in_a_day
from bench.running.crowd import MIRROR_EVERY, people, sign_ups
from bench.running.filled import SEED, Filled, environment, filled, parts
from bench.running.scene import BROKERS, Scene
from local.binaries import NotAvailable
from local.postgres import EmbeddedPostgres
from local.redis import EmbeddedRedis
from schemas.accounts import AccountCreated
from schemas.wire import encode
from simulate.timeline.records import profile
from streams.kafka.client import client_options

OURS, OTHER = "samehand worker", "quixstreams, Redis, pg_trgm"

_WARM_UP: Final = 500
_RUN_SECONDS_MAX: Final = 900.0
_PROGRAM: Final = ("bench.running.in_a_day",)
_ROOT: Final = Path(__file__).parent.parent
_PYTHON: Final = _ROOT / "build/in-a-day/bin/python"


@dataclass(frozen=True, slots=True)
class Alert:
    """An account that was alerted, the ban that it resembles, and how much, on the contender's own scale."""

    account: str
    banned: str
    score: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One contender in one turn: seconds an event, by the clock and of its process."""

    seconds: float
    process_seconds: float
    alerts: list[Alert]


@dataclass(frozen=True, slots=True)
class Row:
    """A contender over all turns: medians. ``faster``: events a second over those of the other one."""

    contender: str
    events_a_second: float
    process_microseconds: float
    alerts: int
    recall: float
    faster: float


@dataclass(frozen=True, slots=True)
class Report:
    """One run."""

    bans: int
    broker: str
    mirrors: int
    rows: list[Row]
    machine: dict[str, str | int | float]


def measured(bans: int, events: int, turns: int, broker: str = "embedded") -> Report:
    """Runs both, turn by turn. Raises `NotAvailable` without PostgreSQL or the other's environment."""
    if not _PYTHON.exists():
        raise NotAvailable(f"{_PYTHON} is not there: `make bench` installs it.")
    own = filled(bans, SEED)
    records = sign_ups(SEED, bans, own.originals, _WARM_UP + events, at=time.time())
    originals = _originals(own, records)
    found: dict[str, list[Turn]] = {OURS: [], OTHER: []}
    with BROKERS[broker]() as running, ExitStack() as servers:
        other = _Other(servers, bans)
        for _ in range(turns):
            found[OURS].append(_ours(running.address, own, records))
            found[OTHER].append(other.turn(running.address, records))
    return Report(bans, broker, len(originals), _rows(found, originals), machine())


def _originals(own: Filled, records: Sequence[AccountCreated]) -> dict[str, str]:
    """Mirror → the banned account, after the warm-up; as :func:`~bench.running.crowd.sign_ups` makes them."""
    return {
        record.account.account_id: own.originals[number // MIRROR_EVERY % len(own.originals)].account_id
        for number, record in enumerate(records)
        if number >= _WARM_UP and number % MIRROR_EVERY == MIRROR_EVERY // 2
    }


def _ours(broker: str, own: Filled, records: Sequence[AccountCreated]) -> Turn:
    with (
        own.server() as server,
        Scene(broker, environment(server.url, own.pepper, own.bans)) as scene,
    ):
        scene.start()
        return _turn(scene, records)


class _Other:
    """Servers with the same bans, filled once: nothing that it does changes them."""

    def __init__(self, servers: ExitStack, bans: int) -> None:
        postgres = servers.enter_context(EmbeddedPostgres())
        database = postgres.make("peer")
        server = servers.enter_context(EmbeddedRedis(settings={"appendonly": "no"}))
        self._bans = bans
        self._settings = {
            in_a_day.DATABASE: database,
            in_a_day.SERVER: server.administrator_url,
        }
        with closing(in_a_day.InADay(database, server.administrator_url)) as filling:
            filling.fill(profile(one) for part in parts(bans) for one in people(SEED, bans, part))

    def turn(self, broker: str, records: Sequence[AccountCreated]) -> Turn:
        with Scene(broker, {}) as scene:
            own = self._settings | {
                in_a_day.BROKERS: broker,
                in_a_day.GROUP: scene.settings.kafka_group,
                in_a_day.CREATED: scene.topics.created,
                in_a_day.ALERTS: scene.topics.alerts,
                "PYTHONPATH": str(_ROOT),  # samehand may run on machine code, which is elsewhere
            }
            scene.start(_PROGRAM, own, _PYTHON)
            return _turn(scene, records)


def _turn(scene: Scene, records: Sequence[AccountCreated]) -> Turn:
    """The scene's process reads the events off a topic that was filled while it stood still."""
    pairs = [(record.key.encode(), encode(record)) for record in records]
    spent = scene.timed(pairs[:_WARM_UP], pairs[_WARM_UP:], seconds_max=_RUN_SECONDS_MAX)
    return Turn(spent.seconds, spent.worker_seconds, _alerts(scene))


def _alerts(scene: Scene) -> list[Alert]:
    reader: Any = kafka.KafkaConsumer(
        scene.topics.alerts,
        **client_options(scene.settings),
        group_id=None,
        auto_offset_reset="earliest",
        consumer_timeout_ms=5_000,
    )
    with closing(reader):
        return [_alert(json.loads(record.value)) for record in reader if record.value]


def _alert(told: dict[str, Any]) -> Alert:
    if (matched := told.get("matched")) is not None:  # ours
        return Alert(told["account_id"], matched["account_id"], told["log_odds"])
    return Alert(told["account_id"], told["banned_id"], told["score"])


def _rows(found: dict[str, list[Turn]], originals: dict[str, str]) -> list[Row]:
    paces = {name: [1 / one.seconds for one in several] for name, several in found.items()}
    kept = len(found[OURS][0].alerts)
    return [
        Row(
            contender=name,
            events_a_second=median(paces[name]),
            process_microseconds=median(one.process_seconds for one in several) * 1e6,
            alerts=len(several[0].alerts),
            recall=_recall(several[0].alerts, kept, originals),
            faster=median(mine / its for mine, its in zip(paces[name], paces[OTHER], strict=True)),
        )
        for name, several in found.items()
    ]


def _recall(alerts: Sequence[Alert], kept: int, originals: dict[str, str]) -> float:
    """Share of the mirrors that are among the best so many alerts, with the ban that they are mirrors of."""
    best = sorted(alerts, key=lambda one: one.score, reverse=True)[:kept]
    named = {one.account for one in best if originals.get(one.account) == one.banned}
    return len(named) / max(1, len(originals))


def table(one: Report) -> str:
    """What docs/performance shows of it."""
    return markdown(
        (
            f"{one.bans:,} bans, {one.broker} broker",
            "events a second by the clock",
            "its process, µs an event",
            "times the other's pace",
            "alerts",
            "recall at as many",
        ),
        (
            (
                row.contender,
                f"{row.events_a_second:,.0f}",
                f"{row.process_microseconds:,.0f}",
                f"{row.faster:.2f}",
                f"{row.alerts:,}",
                f"{row.recall:.3f}",
            )
            for row in one.rows
        ),
    )


def summary(one: Report) -> str:
    """What the table leaves out."""
    return f"* {one.mirrors} mirrors; on {in_words(one.machine)}"
