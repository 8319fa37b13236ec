"""Operators look at a gate from another port than its callers."""

from __future__ import annotations

from typing import Any

import httpx
from prometheus_client import CollectorRegistry

from gate.watching import watching
from streams.telemetry.metrics import Metrics


def client(**facts: str) -> tuple[httpx.AsyncClient, list[int]]:
    looked: list[int] = []
    app: Any = watching(Metrics(CollectorRegistry()), lambda: facts, lambda: looked.append(1))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gate"), looked


async def test_metrics_are_brought_up_to_date_and_shown_as_prometheus_asks() -> None:
    asking, looked = client()
    answer = await asking.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.rstrip().endswith("# EOF")
    assert looked == [1]


async def test_without_a_store_it_stays_in_a_balancer_and_says_what_is_away() -> None:
    """Taken out, it could not even say `undecided`."""
    asking, _ = client(store="Redis cannot be reached", kafka="")
    for path, faults in (("live", {}), ("ready", {"store": "Redis cannot be reached"})):
        answer = await asking.get(f"/health/{path}")
        assert (answer.status_code, answer.json()) == (200, {"healthy": True, "faults": faults})


async def test_there_is_nothing_else() -> None:
    asking, _ = client()
    assert (await asking.get("/v1/score")).status_code == 404
