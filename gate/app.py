"""The gate's addresses: who may ask what, how much of it, and what is logged of each call.

A refusal gives its reason in words of a closed list. Nothing that was sent is quoted in an answer's faults,
in a log line or in a metric.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import msgspec
import structlog
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from msgspec.structs import replace

from agents.common.queries.preview import Preview
from gate.answers import Problem, problem_of
from gate.appeals import DeskRelay, RefusedAppeal, account_rates
from gate.coop import CoopActions, coop_appeal
from gate.intake import KINDS, NOT_ALLOWED, Intake, IntakeOutcome
from gate.keys import Key, Keyring
from gate.metrics import GateMetrics
from gate.openapi import document
from gate.related import Related, Wait
from gate.rights import clash_of
from gate.scoring import DEADLINE_MS_MAX, DEADLINE_MS_MIN, Scoring
from gate.webhooks import ForeignWebhook
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.appeals import AppealMade
from schemas.malformed import Malformed
from schemas.wire import decode_appeal
from store.errors import StoreError
from streams.errors import Transient
from streams.off_loop import off_loop
from streams.serving.forwarded import network_of
from streams.serving.token_bucket import Rates

HELD_BYTES_MAX: Final = 128 * 1024 * 1024
"""Of all of them together: a hundred of the largest, and a quarter of what else a gate needs by the chart.

Without it a thousand connections, each a byte short of a MiB, hold a gigabyte of anybody's.
"""

NETWORKS_SHARE: Final = 4
"""A network may hold a fourth of it, 32 of the largest: one that sends slowly leaves room for others."""


class TooMuch(Exception):
    """More is held than may be: send it again later."""


@dataclass(slots=True)
class Bodies:
    """What is held of bodies now."""

    held_bytes: int = 0
    held_bytes_max: int = HELD_BYTES_MAX
    of_networks: Counter[str] = field(default_factory=Counter)
    """Bytes of each network that has some: as many as connections at most."""

    @asynccontextmanager
    async def whole(self, chunks: AsyncIterator[bytes], network: str = "") -> AsyncIterator[bytes]:
        """The body of some chunks of a network, which counts until it is let go.

        Raises:
            TooMuch: this body, or what is held beside it, is too much.
        """
        mine = 0
        read: list[bytes] = []
        try:
            async for chunk in chunks:
                mine += len(chunk)
                self.held_bytes += len(chunk)
                self.of_networks[network] += len(chunk)
                if (
                    self.held_bytes > self.held_bytes_max
                    or self.of_networks[network] > self.held_bytes_max // NETWORKS_SHARE
                ):
                    raise TooMuch
                read.append(chunk)
            yield b"".join(read)
        finally:
            self.held_bytes -= mine
            self.of_networks[network] -= mine
            if not self.of_networks[network]:
                del self.of_networks[network]


BODY_BYTES_MAX: Final = 1024 * 1024
"""What Kafka's brokers take of one record by default."""

BODY_SECONDS: Final = 10.0
"""A client that sends a MiB more slowly holds a connection for nothing."""

DEADLINE_HEADER: Final = "samehand-deadline-ms"

Asked = Request[Any, Any, State]

log = structlog.get_logger("samehand.gate")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call ends in. ``logged`` joins the caller in the audit line: counts and words, no value."""

    status: int
    body: msgspec.Struct
    logged: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedCall(Exception):
    """A call that is not served."""

    def __init__(self, answer: Answer, counted: str = "") -> None:
        super().__init__(answer.status)
        self.answer = answer
        self.counted = counted


@dataclass(frozen=True, slots=True)
class Gate:
    """What the addresses need. ``ticks``: seconds of a clock that only goes on; ``now``: Unix seconds."""

    keyring: Keyring
    scoring: Scoring
    preview: Preview
    intake: Intake
    related: Related
    webhooks: Mapping[str, ForeignWebhook | CoopActions]
    metrics: GateMetrics
    ticks: Callable[[], float]
    now: Callable[[], float]
    deadline_ms: float
    desk: DeskRelay | None = None
    unsigned: Bodies = field(default_factory=Bodies)
    appealed: Rates = field(default_factory=account_rates)

    async def score(self, request: Asked) -> Response[bytes]:

        began = self.ticks()  # before the body is there: the caller has waited since

        async def work(raw: bytes, key: Key) -> Answer:
            deadline_ms = self._deadline_ms(request)
            scored = await self.scoring(
                raw, deadline_ms, sees_alerts=key.has("alerts"), began=began, key=key.name
            )
            if isinstance(scored, Malformed):
                return _malformed(scored)
            self.metrics.outcomes.labels(scored.outcome, scored.reason or "").inc()
            logged: dict[str, Any] = {"outcome": scored.outcome}
            if scored.reason:
                logged["reason"] = scored.reason
            if scored.outcome == "match":
                logged["band"] = scored.band
            return Answer(200, scored, logged)

        return await self._keyed(request, "score", "score", work)

    async def events(self, request: Asked, kind: FromPath[str]) -> Response[bytes]:

        async def work(raw: bytes, key: Key) -> Answer:
            if kind not in KINDS:
                return Answer(404, Problem(reason="unknown-kind", detail=f"there are {', '.join(KINDS)}"))
            return self._taken(
                await self.intake.events(
                    kind,
                    raw,
                    lambda records: self._charge(key, records),
                    lambda platform: key.covers(f"events:{kind}", platform),
                )
            )

        return await self._keyed(request, "events", f"events:{kind}" if kind in KINDS else "events", work)

    async def verdicts(self, request: Asked) -> Response[bytes]:

        async def work(raw: bytes, key: Key) -> Answer:
            return self._taken(await self.intake.verdicts(raw, lambda records: self._charge(key, records)))

        return await self._keyed(request, "verdicts", "verdicts", work)

    async def appeals(self, request: Asked) -> Response[bytes]:

        async def work(raw: bytes, key: Key) -> Answer:
            if self.desk is None:
                return Answer(404, Problem(reason="no-desk", detail="this gate relays appeals to no desk"))
            preset = request.query_params.get("preset", "")
            made: AppealMade | Malformed
            if preset == "coop":
                made = coop_appeal(raw)
            elif preset:
                made = Malformed("not-allowed", "preset", "coop, or left out")
            else:
                read = decode_appeal(raw, now=self.now())
                made = read if isinstance(read, Malformed) else read.record
            if isinstance(made, Malformed):
                return _malformed(made)
            if not key.covers("appeals", made.platform or ""):
                detail = "the key appeals for one platform: name it and the `account_id`"
                problem = Problem(reason="not-allowed", path="$.platform", detail=detail)
                raise RefusedCall(Answer(403, problem, {"key": key.name}), "not-allowed")
            about = made.alert_id if made.account_id is None else f"{made.platform}:{made.account_id}"
            if wait_seconds := self.appealed.wait_seconds(about or "", self.ticks()):
                raise _too_often(key, wait_seconds)
            answer = await self.desk.relay(made)
            if answer is None:
                problem = Problem(reason="desk-away", detail="the desk did not confirm it: send it again")
                return Answer(503, problem, headers={"Retry-After": "5"})
            if isinstance(answer, RefusedAppeal):
                return Answer(answer.status, answer.problem)
            return Answer(202, answer)

        return await self._keyed(request, "appeals", "appeals", work)

    async def alert(self, request: Asked, alert_id: FromPath[str]) -> Response[bytes]:

        async def work(raw: bytes, key: Key) -> Answer:
            standing = await self._standing(alert_id)
            if isinstance(standing, Answer):
                return standing
            return Answer(200, standing)

        return await self._keyed(request, "alerts", "alerts", work)

    async def who_is_like(self, request: Asked) -> Response[bytes]:

        async def work(raw: bytes, key: Key) -> Answer:
            if clash := clash_of(key.may):  # of a file that was not written by `samehand keys`
                problem = Problem(reason="not-allowed", detail=clash)
                raise RefusedCall(Answer(403, problem, {"key": key.name}), "not-allowed")
            answer = await self.related(raw, key=key.name)
            if isinstance(answer, Malformed):
                return _malformed(answer)
            if isinstance(answer, Wait):
                status = 429 if answer.reason == "rate" else 503
                headers = {"Retry-After": str(answer.seconds)}
                return Answer(status, Problem(reason=answer.reason), headers=headers)
            return Answer(200, answer, {"related": len(answer.related)})

        return await self._keyed(request, "related", "related", work)

    async def webhook(self, request: Asked, mapping: FromPath[str]) -> Response[bytes]:

        async def work() -> tuple[Answer, str]:
            webhook = self.webhooks.get(mapping)
            if webhook is None:
                raise RefusedCall(Answer(404, Problem(reason="unknown-webhook")))
            network = network_of(request.client.host if request.client else "")
            async with AsyncExitStack() as held:
                async with _arriving(request):
                    raw = await held.enter_async_context(self.unsigned.whole(request.stream(), network))
                headers = dict(request.headers)
                if not webhook.signed(raw, headers, now=self.now()):
                    raise RefusedCall(Answer(401, Problem(reason="bad-signature")), "signature")
                if isinstance(webhook, CoopActions):
                    return await self._decided(webhook, raw), f"webhook:{mapping}"
                mapped = await off_loop(len(raw), partial(webhook.map, raw, headers, now=self.now()))
                return self._taken(await self.intake.mapped(mapped)), f"webhook:{mapping}"

        return await self._served(request, "webhooks", work)

    async def _decided(self, webhook: CoopActions, raw: bytes) -> Answer:
        """A moderator's action in Coop, on the alert as it stands now: Coop knows no revisions."""
        given = webhook.verdict(raw, revision=1, now=self.now())
        if isinstance(given, Malformed):
            return self._taken(given)
        alert = await self._standing(given.alert_id)
        if isinstance(alert, Answer):
            return alert
        return self._taken(await self.intake.decided(replace(given, revision=alert.revision)))

    async def _standing(self, alert_id: str) -> MirrorAlert | AlertSummary | Answer:
        """An alert as it stands, or why there is none."""
        try:
            alert = await self.preview.alert(alert_id)
        except (Transient, StoreError):
            return Answer(503, Problem(reason="store-away"), headers={"Retry-After": "5"})
        return alert or Answer(404, Problem(reason="unknown-alert", detail="none stands under this id"))

    async def openapi(self, request: Asked) -> Response[bytes]:
        return Response(document(), media_type="application/json")

    def fault(self, request: Asked, fault: Exception) -> Response[bytes]:
        """What no address served: an unknown one, another method, a defect of ours."""
        status = fault.status_code if isinstance(fault, HTTPException) else 500
        if status >= 500:
            log.error("a call failed", exc_info=fault)
        answer = _problem(status)
        self._tell(request, "other", "", answer, self.ticks())
        headers = fault.headers if isinstance(fault, HTTPException) else None
        return _response(answer, headers or {})

    async def _keyed(
        self, request: Asked, route: str, right: str, work: Callable[[bytes, Key], Awaitable[Answer]]
    ) -> Response[bytes]:
        async def keyed() -> tuple[Answer, str]:
            # Returns the caller's key. Raises `Refused`.
            scheme, _, text = request.headers.get("authorization", "").partition(" ")
            key = self.keyring.find(text.strip()) if scheme.lower() == "bearer" else None
            if key is None:
                answer = Answer(401, Problem(reason="no-key"), headers={"WWW-Authenticate": "Bearer"})
                raise RefusedCall(answer, "no-key")
            if not (key.covers(right) if ":" in right else key.has(right)):
                logged = {"key": key.name}
                answer = Answer(403, Problem(reason="not-allowed", detail=f"the key may not {right}"), logged)
                raise RefusedCall(answer, "not-allowed")
            if wait_seconds := self.keyring.wait_seconds(key):
                raise _too_often(key, wait_seconds)
            async with _arriving(request):
                raw = await request.body()
            return await work(raw, key), key.name

        return await self._served(request, route, keyed)

    async def _served(
        self, request: Asked, route: str, work: Callable[[], Awaitable[tuple[Answer, str]]]
    ) -> Response[bytes]:
        began, who = self.ticks(), ""
        self.metrics.busy.inc()
        try:
            answer, who = await work()
        except RefusedCall as refused:
            answer = refused.answer
            if refused.counted:
                self.metrics.refused.labels(refused.counted).inc()
        except HTTPException as fault:
            answer = _problem(fault.status_code)
        except Exception as fault:
            log.error("a call failed", exc_info=fault)
            answer = Answer(
                500, Problem(reason="failed", detail="an internal error; the gate's log has the details")
            )
        finally:
            self.metrics.busy.dec()
        self._tell(request, route, who, answer, began)
        return _response(answer, answer.headers)

    def _charge(self, key: Key, records: int) -> None:
        """Counts a call's records against the key's rate. Raises `Refused`."""
        if records > key.records_max:
            problem = Problem(
                reason="too-many",
                detail=f"the key publishes {key.records_max:.0f} records a minute: send fewer",
            )
            raise RefusedCall(Answer(413, problem, {"key": key.name}), "rate")
        if wait_seconds := self.keyring.charge(key, records):
            raise _too_often(key, wait_seconds)

    def _deadline_ms(self, request: Asked) -> float:
        """The caller's own, else the setting's. Raises `Refused`."""
        given = request.headers.get(DEADLINE_HEADER)
        if given is None:
            return self.deadline_ms
        if given.isascii() and given.isdigit() and len(given) <= len(str(DEADLINE_MS_MAX)):
            deadline_ms = int(given)
            if DEADLINE_MS_MIN <= deadline_ms <= DEADLINE_MS_MAX:
                return deadline_ms
        wanted = f"whole milliseconds from {DEADLINE_MS_MIN} to {DEADLINE_MS_MAX}"
        raise RefusedCall(Answer(400, Problem(reason="bad-deadline", path=DEADLINE_HEADER, detail=wanted)))

    def _taken(self, taken: IntakeOutcome | Malformed) -> Answer:
        """202 when Kafka has every record that could be read, 503 when it does not take them."""
        if isinstance(taken, Malformed):
            self.metrics.records.labels("refused").inc()
            return _malformed(taken)
        report = taken.report
        self.metrics.records.labels("accepted").inc(report.accepted)
        self.metrics.records.labels("refused").inc(report.refused)
        counts = {"accepted": report.accepted, "refused": report.refused}
        if taken.away:
            return Answer(503, report, {**counts, "reason": taken.away}, {"Retry-After": "5"})
        if not report.records:
            return Answer(200, report, counts)
        if all(record.reason == NOT_ALLOWED.reason for record in report.records):
            return Answer(403, problem_of(NOT_ALLOWED), counts)
        return Answer(202 if report.accepted else 400, report, counts)

    def _tell(self, request: Asked, route: str, who: str, answer: Answer, began: float) -> None:
        """The audit line, and the metrics."""
        took = self.ticks() - began
        status = f"{answer.status // 100}xx"
        self.metrics.seconds.labels(route).observe(took)
        self.metrics.calls.labels(route, status).inc()
        logged: dict[str, Any] = {"key": who} if who else {}
        if isinstance(answer.body, Problem):
            logged["reason"] = answer.body.reason
        logged |= answer.logged
        log.info("call", route=route, status=answer.status, took_ms=round(took * 1000, 1), **logged)


_REASONS: Final = {404: "unknown-address", 405: "method", 413: "too-large"}


@asynccontextmanager
async def _arriving(request: Asked) -> AsyncIterator[None]:
    """While a body arrives. Raises `HTTPException` for one that is too large, `Refused` for one that never
    ends or is packed: what a few bytes unpack to has no end, and signatures are of what was sent.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        problem = Problem(reason="encoded", path="content-encoding", detail="send the body as it is")
        raise RefusedCall(Answer(415, problem, headers={"Accept-Encoding": "identity"}))
    try:
        async with asyncio.timeout(BODY_SECONDS):
            yield
    except TimeoutError:
        raise RefusedCall(Answer(408, Problem(reason="slow-body"))) from None
    except TooMuch:
        problem = Problem(reason="overloaded", detail="too much is on its way here: send it again")
        raise RefusedCall(Answer(503, problem, headers={"Retry-After": "5"})) from None


def _too_often(key: Key, wait_seconds: float) -> RefusedCall:
    headers = {"Retry-After": str(math.ceil(wait_seconds))}
    return RefusedCall(Answer(429, Problem(reason="rate"), {"key": key.name}, headers), "rate")


def _problem(status: int) -> Answer:
    """What the framework ended a call with."""
    return Answer(status, Problem(reason=_REASONS.get(status, "failed" if status >= 500 else "bad-request")))


def _malformed(fault: Malformed) -> Answer:
    return Answer(413 if fault.reason == "too-large" else 400, problem_of(fault))


def _response(answer: Answer, headers: Mapping[str, str]) -> Response[bytes]:
    return Response(
        msgspec.json.encode(answer.body),
        status_code=answer.status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **headers},
    )


def application(gate: Gate) -> Litestar:
    """The addresses that callers see."""

    return Litestar(
        route_handlers=[
            post("/v1/score", status_code=200)(gate.score),
            post("/v1/events/{kind:str}", status_code=202)(gate.events),
            post("/v1/verdicts", status_code=202)(gate.verdicts),
            post("/v1/appeals", status_code=202)(gate.appeals),
            post("/v1/webhooks/{mapping:str}", status_code=202)(gate.webhook),
            post("/v1/related", status_code=200)(gate.who_is_like),
            get("/v1/alerts/{alert_id:str}")(gate.alert),
            get("/openapi.json")(gate.openapi),
        ],
        openapi_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        exception_handlers={Exception: gate.fault},
        logging_config=None,
        debug=False,
    )
