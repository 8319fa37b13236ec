"""The desk with many alerts in its database: how long its queue, an alert and a decision take.

Requests go to the application itself, one after
the other, and are timed from the request to the whole answer: what a browser waits for beside the network.
SQLite always, PostgreSQL where Debian's is there.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from math import fsum
from typing import Any, Final

import httpx
from prometheus_client import CollectorRegistry
from sqlalchemy import Table, insert, text

from bench.databases import on_each_database
from bench.page import markdown
from cli.output import progress
from desk.access import sessions
from desk.access.sign_in import add_user
from desk.database import reach, schema
from desk.database.engine import Database, opened
from desk.database.reads import RANKS
from desk.review.arrivals import blind_rank
from desk.review.draws import is_blind
from desk.review.facts import facts_of, found_by
from desk.review.policy import Policy
from desk.telemetry import DeskMetrics
from desk.web.app import create_app
from desk.web.desk import Desk
from schemas.alerts import EvidenceLine, Matched, MirrorAlert
from schemas.wire import encode
from streams.serving.token_bucket import Rates
from streams.settings import load
from streams.supervision.gc_tuning import collect_seldom

ALERTS: Final = 50_000
TIMES: Final = 300
"""Of each request: the 99th percentile is then the fourth longest."""

GOALS_MS: Final = {
    "queue": 200.0,
    "queue, filtered": 200.0,
    "queue, newest": 200.0,
    "queue, its last page": 200.0,
    "queue of two policies": 200.0,
    "next": 200.0,
    "alert": 200.0,
    "find": 200.0,
    "account": 200.0,
    "family": 200.0,
    "decided": 200.0,
    "decision": 100.0,
    "selection": 200.0,
    "200 decisions": 500.0,
    "team": 200.0,
}
_AT_ONCE: Final = 500  # alerts of one transaction, as of one batch of Kafka's
_DECIDED: Final = 0.2  # of all, decided by the one who asks: what they read before is looked for in these
_POLICIES: Final = ("hate", "spam", "abuse", "extremism", "fraud")
_PLATFORMS: Final = ("x", "telegram", "tiktok")
_CROWD: Final = "new-crowd"
_WEIGHTS: Final = (
    ("bio", 8.6),
    ("network", 6.0),
    ("avatar", 4.6),
    ("name", 0.0),
    ("device", -0.5),
    ("handle", -0.3),
)


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds of one kind of request; `processor_ms`: of this process, whoever else is at work."""

    database: str
    request: str
    p50_ms: float
    p99_ms: float
    processor_ms: float
    goal_ms: float
    times: int


def _alerts(first: int, end: int, count: int, began: datetime) -> Iterator[MirrorAlert]:
    drawn = random.Random(first)
    for number in range(first, end):
        lines = tuple(
            EvidenceLine(
                signal=signal,
                level="close",
                weight=weight,
                ours=f"{signal} of the new account {number}",
                theirs=f"{signal} of a banned one {number % 997}",
                because="They resemble each other.",
            )
            for signal, weight in _WEIGHTS
        )
        # Every tenth sign-up resembles three of a family, and one sign-up most of a large one.
        base = number - number % 10 if number % 10 < 3 else number
        sign_up = _CROWD if number % 25 == 3 else f"new-{base}"
        platform = _PLATFORMS[0 if sign_up == _CROWD else base // 7 % len(_PLATFORMS)]
        likely = drawn.random() < 0.7
        root = "the-crowd" if sign_up == _CROWD else f"banned-{base % (count // 6)}"
        yield MirrorAlert(
            alert_id=f"alert-{number}",
            revision=1,
            status="open",
            platform=platform,
            account_id=sign_up,
            direction="forward",
            # Families of six, and one banned account in a hundred that has six hundred mirrors.
            matched=Matched(
                platform=platform,
                account_id=f"banned-{number % (count // 6)}" if number % 100 else "the-campaign",
                policy=drawn.choice(_POLICIES),
                root_id=f"{platform}:{root}" if number % 100 else None,
            ),
            probability=0.99 if likely else 0.7,
            band="likely" if likely else "possible",
            weights_version="1",
            fold_version=1,
            detected_at=began + timedelta(seconds=number),
            prior=-9.9,
            log_odds=fsum([-9.9, *(weight for _, weight in _WEIGHTS)]),
            evidence=tuple(line for line in lines if line.weight > 0),
            counter_evidence=tuple(line for line in lines if line.weight <= 0),
        )


def _rows(alerts: list[MirrorAlert], policy: Policy) -> dict[Table, list[dict[str, Any]]]:
    kept, quoted, waiting, findable = [], [], [], []
    for alert in alerts:
        now = alert.detected_at.timestamp()
        kept.append(asdict(facts_of(alert, now=now, sampled=None)))
        quoted.append({"alert_id": alert.alert_id, "payload": encode(alert)})
        findable += [{"alert_id": alert.alert_id, **term._asdict()} for term in found_by(alert)]
        blind = is_blind(policy.key, alert.alert_id, policy.blind_share)
        rank = blind_rank(policy.key, alert.alert_id) if blind else RANKS[alert.band]
        waiting.append(
            {
                "alert_id": alert.alert_id,
                "kind": "first",
                "blind": blind,
                "state": "open",
                "rank": rank,
                "waits_since": now,
                "opened_at": now,
            }
        )
    return {schema.alerts: kept, schema.evidence: quoted, schema.findable: findable, schema.reads: waiting}


async def _filled(database: Database, policy: Policy, count: int, *, reader: str) -> None:
    """As `take_alert` leaves them, but many a statement: one by one they take the better part of an hour."""
    began = datetime.now(UTC) - timedelta(seconds=2 * count)
    with progress("alerts", count) as done:
        for first in range(0, count, _AT_ONCE):
            some = list(_alerts(first, min(count, first + _AT_ONCE), count, began))
            async with database.begin() as connection:
                for table, rows in _rows(some, policy).items():
                    await connection.execute(insert(table), rows)
            done(first + len(some))
    decided = [
        {
            "verdict_id": f"verdict-{number}",
            "alert_id": f"alert-{number}",
            "revision": 1,
            "verdict": "mirror" if number % 3 else "not_mirror",
            "reason_code": "several-traits",
            "policy": "hate",
            "reviewer": reader,
            "decided_at": began.timestamp() + number,
            "blind": False,
            "kind": "first",
            "batch": f"batch-{number}",
        }
        for number in range(0, count, int(1 / _DECIDED))
    ]
    async with database.begin() as connection:
        for first in range(0, len(decided), _AT_ONCE):
            await connection.execute(insert(schema.verdicts), decided[first : first + _AT_ONCE])
        await connection.execute(
            text(
                "UPDATE reads SET state = 'done' WHERE kind = 'first' AND EXISTS"
                " (SELECT 1 FROM verdicts WHERE verdicts.alert_id = reads.alert_id)"
            )
        )
        await connection.execute(text("ANALYZE"))


async def _on(url: str, alerts: int, times: int) -> list[Timed]:
    async with opened(url) as database:
        kind = "SQLite" if database.is_sqlite else "PostgreSQL"
        policy = Policy(key=b"bench" * 8)
        now = time.time()
        async with database.begin() as connection:
            user_id = await add_user(connection, "bench", "lead", password=None, now=now)
            token = await sessions.begin(connection, user_id, now=now, how="link")
            for number in range(20):  # a team
                await add_user(connection, f"colleague-{number}", "moderator", password=None, now=now)
            bound = await add_user(connection, "bound", "moderator", password=None, now=now)
            await reach.put(connection, bound, _POLICIES[:2])
            bound_token = await sessions.begin(connection, bound, now=now, how="link")
        await _filled(database, policy, alerts, reader=user_id)
        app: Any = create_app(Desk(database, load({}), policy, time.time, DeskMetrics(CollectorRegistry())))
        app.state.rates = Rates(burst=1e9)
        collect_seldom()  # as the desk's process does
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://127.0.0.1:6068",
            cookies={"samehand": token},
        ) as client:
            client.headers["X-CSRF-Token"] = _found(
                r'name="csrf" content="([^"]+)"', (await client.get("/queue")).text
            )
            return [
                Timed(kind, name, *await _times(request, times), GOALS_MS[name], times)
                for name, request in _requests(client, bound_token).items()
            ]


def _found(pattern: str, page: str) -> str:
    """What a page has in the group of a pattern."""
    match = re.search(pattern, page)
    assert match is not None, pattern
    return match[1]


Request = Callable[[], Awaitable[Callable[[], Awaitable[httpx.Response]]]]
"""What prepares a request, unmeasured, and hands it over."""


def _requests(client: httpx.AsyncClient, bound_token: str) -> dict[str, Request]:
    """What is asked by name, as a lead; `bound_token`: the session of a reader of two policies."""
    drawn = random.Random(7)

    def of(where: Callable[[], str]) -> Request:
        async def prepared() -> Callable[[], Awaitable[httpx.Response]]:
            address = where()
            return lambda: client.get(address)

        return prepared

    async def of_bound() -> Callable[[], Awaitable[httpx.Response]]:
        return lambda: client.get("/queue", headers={"Cookie": f"samehand={bound_token}"})

    async def decision() -> Callable[[], Awaitable[httpx.Response]]:
        page = (await client.get("/next", follow_redirects=True)).text
        where = _found(r'action="(/reads/\d+/decide)"', page)
        form = {
            "verdict": drawn.choice(("mirror", "not_mirror", "unsure")),
            "reason_code": "several-traits",
            "policy": "hate",
            "note": "They use the same picture.",
        }
        return lambda: client.post(where, data=form)

    batches: list[str] = []

    async def together() -> Callable[[], Awaitable[httpx.Response]]:
        if batches:  # lest the queue run out
            await client.post(f"/undo/{batches.pop()}")
        band = drawn.choice(("likely", "possible"))
        page = (await client.get(f"/selection?all=1&band={band}")).text
        form = {"read": re.findall(r'name="read" value="(\d+)"', page), "chosen": "not_mirror/common-name"}

        async def decided() -> httpx.Response:
            answer = await client.post("/selection", data=form)
            batches.append(answer.headers["Location"].partition("undo=")[2])
            return answer

        return decided

    return {
        "queue": of(lambda: "/queue"),
        "queue, filtered": of(
            lambda: (
                f"/queue?band=possible&policy={drawn.choice(_POLICIES)}&platform={drawn.choice(_PLATFORMS)}"
            )
        ),
        "queue, newest": of(lambda: "/queue?order=newest"),
        "queue, its last page": of(
            lambda: f"/queue?order=oldest&after_rank=0&after_since={time.time() - 1_000}&after_read=1"
        ),
        "queue of two policies": of_bound,
        "next": of(lambda: "/next"),
        "alert": of(lambda: f"/alerts/alert-{drawn.randrange(1_000)}"),
        # From what nearly every alert begins with, to what few do.
        "find": of(lambda: f"/find?q={drawn.choice(('a', 'h', 'ne', 'name of a', 'the-c', 'new-12'))}"),
        "account": of(
            lambda: f"/accounts/{drawn.choice(('x/the-campaign', 'tiktok/the-campaign', f'x/{_CROWD}'))}"
        ),
        "family": of(lambda: f"/families/{drawn.choice(_PLATFORMS)}/the-campaign"),
        "decided": of(lambda: f"/decided?{drawn.choice(('', 'verdict=mirror', 'reason=none', 'taken=yes'))}"),
        "decision": decision,
        "selection": of(lambda: f"/selection?all=1&policy={drawn.choice(_POLICIES)}"),
        "team": of(lambda: "/team?days=90"),
        "200 decisions": together,
    }


async def _times(request: Request, times: int) -> tuple[float, float, float]:
    took, used = [], 0.0
    for number in range(times + 10):  # the first ones draw templates and fill caches
        ask = await request()
        began, worked = time.perf_counter(), time.process_time()
        answer = await ask()
        if number >= 10:
            took.append(time.perf_counter() - began)
            used += time.process_time() - worked
        if answer.status_code >= 400:
            raise SystemExit(f"answered {answer.status_code}: {answer.text[:200]}")
    took.sort()
    at = [took[len(took) // 2], took[int(len(took) * 0.99)], used / len(took)]
    return round(at[0] * 1000, 1), round(at[1] * 1000, 1), round(at[2] * 1000, 1)


def table(found: list[Timed]) -> str:
    return markdown(
        ("database", "request", "p50, ms", "p99, ms", "processor, ms", "goal of p99, ms", ""),
        (
            (
                one.database,
                one.request,
                *(f"{it:g}" for it in (one.p50_ms, one.p99_ms, one.processor_ms, one.goal_ms)),
                "met" if one.p99_ms <= one.goal_ms else "**missed**",
            )
            for one in found
        ),
    )


def measured(alerts: int, times: int) -> list[Timed]:
    """Each request of so many, over so many alerts, on SQLite and on PostgreSQL where it is there."""
    return [timed for several in on_each_database(lambda url: _on(url, alerts, times)) for timed in several]
