"""The handler of one endpoint: which records it gets, in which order, and what its answers mean for them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import structlog

from deliver.endpoints import Endpoint
from deliver.http import CONNECTIONS_MAX, Answer, Away, Delivered, Gone, Refused
from deliver.metrics import WebhookMetrics
from deliver.shapes import Sendable, takes
from schemas.malformed import Malformed
from schemas.wire import Decoded, decode_alert
from streams.deadletters.admin import ENDPOINT_HEADER
from streams.errors import Transient
from streams.outcomes import NOTHING, Arrival, Dead, Outcome, Published
from streams.supervision.poison_guard import waiting

GIVEN_UP_SECONDS: Final = 24 * 3600.0
"""An alert that could not be delivered for a day becomes a dead letter, so that later ones are tried."""

AWAY_SECONDS_MIN: Final = 600.0
"""And never before the endpoint has been away for so long while we watched: alerts may be old because nobody
ran, and one failed request is no outage."""

SETTLED_MAX: Final = 1_000
"""Outcomes of records whose batch is not settled yet: two batches, one of which went to another process."""

OFF_SECONDS: Final = 60.0
"""Nothing is sent to an endpoint that is gone: it is only looked whether the process is to end."""

LEAVING_SECONDS: Final = 5.0
"""Deliveries in hand at a stop are finished within this time, so that none is repeated:
half of what a rebalance waits for, and a quarter of a stop."""

REFUSED: Final = "endpoint-refused"
GIVEN_UP: Final = "endpoint-away"

_HAS_IT: Final = Published(())
_OFF: Final = Away("it answered 410 (Gone) and gets nothing more", OFF_SECONDS)
_LEAVING: Final = Away("the process is stopping")

log = structlog.get_logger("samehand.deliver")


class Decode(Protocol):
    def __call__(self, raw: bytes | None, *, now: float) -> Decoded[Any] | Malformed:
        """The record of one topic, or why there is none."""
        ...


class Sends(Protocol):
    async def send(self, alert: Sendable) -> Answer:
        """Sends it once; what came of it."""
        ...


class _Failed:
    """What kept the present batch from being delivered: the others of it are not tried either."""

    def __init__(self) -> None:
        self.away: Away | None = None

    def note(self, away: Away) -> None:
        if self.away is None or away.after_seconds > self.away.after_seconds:
            self.away = away


class EndpointAgent:
    """Delivers batches of one topic to one endpoint.

    What was delivered of a batch that failed is remembered, so that its repetition sends only the rest.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        client: Sends,
        metrics: WebhookMetrics,
        *,
        now: Callable[[], float],
        ticks: Callable[[], float],
        leaving: Callable[[], bool],
        decode: Decode = decode_alert,
        compacted: bool = False,
    ) -> None:
        """`now` in Unix seconds, `ticks` of a clock that only runs forward; `leaving`: come to an end;
        `decode`: what its topic holds. `compacted`: its topic is; a record without a value is passed over,
        and one that is refused becomes no dead letter, which, sent again, would supersede later records."""
        self._compacted = compacted
        self._decode = decode
        self._endpoint = endpoint
        self._client = client
        self._metrics = metrics
        self._now = now
        self._ticks = ticks
        self._leaving = leaving
        self._settled: dict[str, Outcome] = {}
        self._away_since: float | None = None
        self._left_at: float | None = None
        self._off = False

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """One outcome an arrival: delivered, not for this endpoint, or a dead letter.

        Raises:
            Transient: the endpoint is away or off, or we are leaving; what was delivered is remembered.
        """
        by_account: dict[bytes | None, list[Arrival]] = defaultdict(list)
        for arrival in arrivals:
            if arrival.address not in self._settled:
                by_account[arrival.key].append(arrival)
        failed, room = _Failed(), asyncio.Semaphore(CONNECTIONS_MAX)
        async with asyncio.TaskGroup() as tasks:
            for those in by_account.values():
                tasks.create_task(self._in_order(those, failed, room))
        if failed.away is not None:
            if len(self._settled) > SETTLED_MAX:
                self._settled.clear()
            raise Transient(failed.away.why, after_seconds=failed.away.after_seconds)
        return [self._settled.pop(arrival.address) for arrival in arrivals]

    async def _in_order(self, arrivals: Sequence[Arrival], failed: _Failed, room: asyncio.Semaphore) -> None:
        """The alerts of one account, one after another, until one of the batch cannot be delivered."""
        async with room:
            for arrival in arrivals:
                outcome = await self._decided(arrival, failed)
                if outcome is None:
                    return
                self._settled[arrival.address] = outcome

    async def _decided(self, arrival: Arrival, failed: _Failed) -> Outcome | None:
        if dict(arrival.headers).get(ENDPOINT_HEADER, self._name.encode()) != self._name.encode():
            return NOTHING  # sent again for another endpoint
        if arrival.value is None and self._compacted:
            return NOTHING
        read = self._decode(arrival.value, now=float("inf"))
        if isinstance(read, Malformed):
            return Dead(read.reason, read.path, read.detail, self._name)
        if not takes(self._endpoint, read.record):
            self._count("passed")
            return NOTHING
        if failed.away is not None:
            return None
        if self._off or self._must_go():
            failed.note(_OFF if self._off else _LEAVING)
            return None
        began = self._ticks()
        with waiting():
            answer = await self._client.send(read.record)
        self._metrics.seconds.labels(self._name).observe(self._ticks() - began)
        return self._meaning(answer, arrival, failed)

    def _must_go(self) -> bool:
        """Returns whether we have been leaving for so long that nothing more is begun."""
        if not self._leaving():
            self._left_at = None
            return False
        if self._left_at is None:
            self._left_at = self._ticks()
        return self._ticks() - self._left_at > LEAVING_SECONDS

    def _meaning(self, answer: Answer, arrival: Arrival, failed: _Failed) -> Outcome | None:
        match answer:
            case Delivered():
                self._answered("delivered")
                return _HAS_IT
            case Refused():
                self._answered("refused")
                return self._lost(Dead(REFUSED, detail=f"answered {answer.status}", endpoint=self._name))
            case Gone():
                if not self._off:
                    log.error(
                        "endpoint off",
                        endpoint=self._name,
                        why="it answered 410 (Gone)",
                        cure="correct or remove it in the file of endpoints, then restart samehand deliver",
                    )
                self._off = True
                self._count("gone")
                self._metrics.off.labels(self._name).set(1)
                failed.note(_OFF)
                return None
            case Away():
                self._count("away")
                if self._away_since is None:
                    self._away_since = self._ticks()
                away_seconds = self._ticks() - self._away_since
                self._metrics.away_seconds.labels(self._name).set(away_seconds)
                if self._now() - arrival.timestamp > GIVEN_UP_SECONDS and away_seconds > AWAY_SECONDS_MIN:
                    self._count("given-up")
                    return self._lost(
                        Dead(GIVEN_UP, detail="not delivered within a day", endpoint=self._name)
                    )
                failed.note(answer)
                return None

    def _lost(self, letter: Dead) -> Outcome:
        return NOTHING if self._compacted else letter

    def _answered(self, outcome: str) -> None:
        self._count(outcome)
        self._away_since = None
        self._metrics.away_seconds.labels(self._name).set(0)

    def _count(self, outcome: str) -> None:
        self._metrics.sent.labels(self._name, outcome).inc()

    @property
    def _name(self) -> str:
        return self._endpoint.name
