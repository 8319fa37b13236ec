"""A gate over the store in memory, with a broker that confirms as a test says."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import generate_latest

from agents.common.queries.preview import Preview
from gate.app import Gate, application
from gate.coop import CoopActions
from gate.intake import Intake
from gate.keys import Keyring, new_key, rate_of
from gate.metrics import GateMetrics
from gate.related import Related
from gate.rights import May
from gate.scoring import Scoring
from gate.variations import Variations
from gate.webhooks import ForeignWebhook
from schemas.record import Record
from schemas.wire import encode
from streams.outcomes import Emit
from tests.agents.conftest import Life, MakeLife, life, make_life

__all__ = ["Life", "MakeLife", "life", "make_life"]


@dataclass
class Broker:
    """What the gate publishes with; ``fails`` decides what becomes of a record, by its place."""

    taken: list[Emit] = field(default_factory=list)
    fails: Callable[[Emit], Exception | None] = lambda emit: None

    async def send(self, emit: Emit) -> Awaitable[object]:
        """Takes a record, and confirms it unless it fails."""
        confirmed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if (fault := self.fails(emit)) is not None:
            confirmed.set_exception(fault)
        else:
            self.taken.append(emit)
            confirmed.set_result(None)
        return confirmed


@dataclass
class Caller:
    """Somebody with keys to a gate, and what stands behind it."""

    client: httpx.AsyncClient
    life: Life
    broker: Broker
    scoring: Scoring
    metrics: GateMetrics
    keys_file: Path
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, *may: May, rate: str = "1000/s") -> str:
        """A key that may do this."""
        name = re.sub("[/:@]", "-", f"{'-'.join(may) or 'nothing'}-{rate}")
        if name not in self.keys:
            self.keys[name] = new_key(self.keys_file, name, frozenset(may), rate_of(rate), datetime.now(UTC))
            self.life.seconds += 2  # so that the gate looks at the file again
        return self.keys[name]

    async def post(
        self,
        path: str,
        body: Record | bytes | Sequence[Record],
        *may: May,
        key: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """A call by who may do this, or by a certain key."""
        content = (
            body
            if isinstance(body, bytes)
            else encode(body)
            if isinstance(body, Record)
            else b"[" + b",".join(map(encode, body)) + b"]"
        )
        text = key if key is not None else self.key(*may)
        shown = {"Authorization": f"Bearer {text}"} if text else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(path, content=content, headers={**shown, **named})

    async def get(self, path: str, *may: May) -> httpx.Response:
        """The same without a body."""
        return await self.client.get(path, headers={"Authorization": f"Bearer {self.key(*may)}"})

    async def score(self, body: Record | bytes, *may: May, **headers: str) -> dict[str, Any]:
        """An answer on an account, which is always given."""
        answer = await self.post("/v1/score", body, *(may or ("score",)), **headers)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = json.loads(answer.content)
        return told

    def metric(self, name: str, **labels: str) -> float:
        """A figure of the gate's."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    def exposition(self) -> str:
        """All figures, as they are scraped."""
        return generate_latest(self.metrics.registry).decode()


MakeCaller = Callable[..., Awaitable[Caller]]


def a_gate(
    life: Life,
    keys_file: Path,
    broker: Broker,
    webhooks: Mapping[str, ForeignWebhook | CoopActions] | None = None,
) -> Gate:
    """A gate to a context, whose clock it has."""
    preview, variations = Preview(life.context), Variations()
    intake = Intake(broker, life.context.topics, lambda: life.seconds)
    return Gate(
        keyring=Keyring(keys_file, lambda: life.seconds),
        scoring=Scoring(preview, lambda: life.seconds, variations=variations),
        preview=preview,
        intake=intake,
        related=Related(preview, intake, lambda: life.seconds, lambda: life.seconds),
        webhooks=webhooks or {},
        metrics=GateMetrics(life.context.metrics.registry, lambda: variations.total),
        ticks=lambda: life.seconds,
        now=lambda: life.seconds,
        deadline_ms=5_000,
    )


@pytest.fixture
async def make_caller(tmp_path: Path, make_life: MakeLife) -> AsyncIterator[MakeCaller]:
    """Opens gates to a context under given rules."""
    clients: list[httpx.AsyncClient] = []

    async def make(
        life: Life | None = None,
        webhooks: Mapping[str, ForeignWebhook | CoopActions] | None = None,
        **rules: Any,
    ) -> Caller:
        context = life or make_life(**rules)
        keys_file, broker = tmp_path / "keys.json", Broker()
        gate = a_gate(context, keys_file, broker, webhooks)
        served: Any = application(gate)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url="http://gate")
        clients.append(client)
        return Caller(client, context, broker, gate.scoring, gate.metrics, keys_file)

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
async def caller(make_caller: MakeCaller) -> Caller:
    """A gate to a context under the usual rules."""
    return await make_caller()
