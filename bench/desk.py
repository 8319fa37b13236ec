"""``make bench-desk``: how long the desk's pages and decisions take when it holds many alerts.

``python -m bench.desk [--alerts N] [--rounds N] [--out FILE]``, on SQLite and on a PostgreSQL of its own,
where that is installed. One alert in ten is decided, and each ban has eight. One person asks for pages, one
after another, and for each alert but once.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from math import ceil
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, Final

import httpx
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from bench.page import in_words, keep, machine, markdown
from desk.access import sessions
from desk.access.sign_in import add_user
from desk.database import schema
from desk.database.engine import Database, opened
from desk.review.arrivals import Arrivals
from desk.review.policy import Policy
from desk.settings import load
from desk.telemetry import DeskMetrics
from desk.web.app import create_app
from desk.web.desk import Desk
from desk.web.security import cookie_name
from local.binaries import NotAvailable
from local.postgres import EmbeddedPostgres, programs
from schemas.alerts import EvidenceLine, Matched, MirrorAlert
from streams.serving.token_bucket import Rates
from streams.supervision.gc_tuning import collect_seldom

ALERTS_A_BAN: Final = 8
DECIDED_OF: Final = 10
_SIGNALS: Final = ("handle", "name", "bio", "avatar", "device", "email")
_FROM: Final = datetime(2026, 3, 1, tzinfo=UTC)
_TAKEN_AT_ONCE: Final = 500  # alerts a transaction: fewer take long
_READS: Final = select(schema.reads.c.alert_id, schema.reads.c.read_id)


def an_alert(number: int) -> MirrorAlert:
    """One of many, by its number alone."""
    random = Random(number)
    lines = tuple(
        EvidenceLine(
            signal=name,
            level="same",
            weight=2.0 + random.random(),
            ours="a",
            theirs="a",
            because=f"The {name} is the same.",
        )
        for name in random.sample(_SIGNALS, 4)
    )
    log_odds = -7.0 + sum(line.weight for line in lines)
    banned = f"banned-{number // ALERTS_A_BAN}"
    return MirrorAlert(
        alert_id=f"alert-{number}",
        revision=1,
        status="open",
        platform=("x", "telegram", "forum")[number % 3],
        account_id=f"new-{number}",
        direction="forward",
        matched=Matched(
            platform="x", account_id=banned, policy=("hate", "spam")[number % 2], root_id=f"x:{banned}"
        ),
        probability=0.9,
        band=("possible", "likely")[number % 4 == 0],
        prior=-7.0,
        log_odds=log_odds,
        weights_version="1",
        fold_version=1,
        detected_at=_FROM + timedelta(seconds=number),
        evidence=lines,
        counter_evidence=(),
    )


async def measured(url: str, alerts: int, rounds: int) -> dict[str, float]:
    """Milliseconds at p99 of each page and of a decision."""
    now = (_FROM + timedelta(seconds=alerts)).timestamp()
    policy = Policy(key=b"k" * 32)
    async with opened(url) as database:
        await _filled(database, policy, alerts)
        desk = Desk(database, load({}), policy, lambda: now, DeskMetrics(CollectorRegistry()))
        async with database.begin() as connection:
            user_id = await add_user(connection, "lead", "lead", password=None, now=now)
            token = await sessions.begin(connection, user_id, now=now, how="password")
            session, _ = await sessions.find(connection, token, idle_seconds=1.0, now=now) or (None, 0)
        assert session is not None
        app = create_app(desk)
        app.state["rates"] = Rates(burst=alerts)  # one person decides what many do
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # httpx types scopes as plain mappings
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:6068") as client:
            client.cookies.set(cookie_name(desk), token, domain="127.0.0.1")
            client.headers["X-CSRF-Token"] = session.csrf
            async with database.read() as connection:
                reads = {row.alert_id: row.read_id for row in await connection.execute(_READS)}
            await _decided(client, reads, range(alerts // DECIDED_OF))
            numbers = iter(Random(7).sample(range(alerts // DECIDED_OF, alerts), 4 * rounds + len(_SIGNALS)))
            asks: dict[str, Callable[[], Awaitable[Any]]] = {
                "queue": lambda: _page(client, "/queue"),
                "alert": lambda: _page(client, f"/alerts/alert-{next(numbers)}"),
                "family": lambda: _page(client, f"/families/x/banned-{next(numbers) // ALERTS_A_BAN}"),
                "decided": lambda: _page(client, "/decided"),
                "find": lambda: _page(client, f"/find?q=new-{next(numbers)}"),
            }
            for ask in asks.values():
                await ask()  # compiles its template
            collect_seldom()  # as the desk does when it opens
            found = {name: [await _milliseconds(ask) for _ in range(rounds)] for name, ask in asks.items()}
            found["decision"] = await _decided(client, reads, islice(numbers, rounds))
    return {name: sorted(took)[ceil(0.99 * len(took)) - 1] for name, took in found.items()}


async def _filled(database: Database, policy: Policy, alerts: int) -> None:
    for first in range(0, alerts, _TAKEN_AT_ONCE):
        async with database.begin() as connection:
            for number in range(first, min(first + _TAKEN_AT_ONCE, alerts)):
                alert = an_alert(number)
                await Arrivals(connection, policy, alert.detected_at.timestamp()).take_alert(alert)


async def _page(client: httpx.AsyncClient, where: str) -> str:
    answer = await client.get(where, follow_redirects=True)  # as from what was found to its account
    answer.raise_for_status()
    return answer.text


async def _milliseconds(ask: Callable[[], Awaitable[Any]]) -> float:
    begun = perf_counter()
    await ask()
    return 1000 * (perf_counter() - begun)


async def _decided(client: httpx.AsyncClient, reads: dict[str, int], numbers: Iterable[int]) -> list[float]:
    """Confirms each alert by the form of its page, and says how long each decision took."""
    form = {"verdict": "mirror", "reason_code": "several-traits", "policy": "hate"}
    form["csrf"] = client.headers["X-CSRF-Token"]
    took = []
    for number in numbers:
        where = f"/reads/{reads[f'alert-{number}']}/decide"
        begun = perf_counter()
        answer = await client.post(where, data=form)
        took.append(1000 * (perf_counter() - begun))
        if answer.status_code != HTTPStatus.SEE_OTHER:
            raise RuntimeError(f"{where} answered {answer.status_code}")
    return took


@contextmanager
def _databases(folder: Path) -> Iterator[dict[str, str]]:
    """Addresses of empty databases by their kind."""
    urls = {"SQLite": f"sqlite:///{folder / 'desk.db'}"}
    try:
        programs()
    except NotAvailable as why:
        print(f"PostgreSQL is left out: {why}", file=sys.stderr)
        yield urls
        return
    with EmbeddedPostgres() as server:
        yield urls | {"PostgreSQL": server.make("desk")}


def main() -> int:
    """Measures both databases, prints a table and keeps the figures."""
    parser = argparse.ArgumentParser(description="how long the desk's pages take")
    parser.add_argument("--alerts", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--out", type=Path, help="a file of figures, as docs/performance/bench.json")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _databases(Path(folder)) as urls:
        found = {kind: asyncio.run(measured(url, chosen.alerts, chosen.rounds)) for kind, url in urls.items()}
    figures = {"machine": machine(), "alerts": chosen.alerts, "p99_ms": found}
    print(in_words(machine()))
    names = list(next(iter(found.values())))
    rows = [(kind, *(f"{took[name]:.0f}" for name in names)) for kind, took in found.items()]
    print(markdown([f"p99 in ms at {chosen.alerts:,} alerts", *names], rows))
    if chosen.out is not None:
        keep("desk", figures, chosen.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
