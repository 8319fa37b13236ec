"""``samehand gate`` under load: so many calls a second to score sign-ups, against so many bans.

Calls begin when they are due, whether or not
those before have been answered, and are timed from then on: a gate that falls behind shows it. Beside the
times stand milliseconds of processor a call, which say the same however busy the machine is.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiohttp

from bench.page import markdown
from bench.running.crowd import sign_ups
from bench.running.filled import SEED, Filled, filled, midnight
from bench.running.filled import environment as environment_of
from bench.running.scene import cpu_seconds_of
from gate.keys import new_key
from local.ports import LOOPBACK, take_port
from local.processes import Child
from schemas.wire import encode

RATE: Final = 200
SECONDS: Final = 30
DEADLINE_MS: Final = 150
SIGN_UPS: Final = 1_000
"""Different ones, sent again and again: the bans that they resemble are not always the same few."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How a gate did under load. `load_average`: of the machine, over the last minute."""

    bans: int
    calls_a_second: int
    deadline_ms: int
    calls: int
    p50_ms: float
    p99_ms: float
    processor_ms_a_call: float
    outcomes: dict[str, int]
    load_average: float

    @property
    def decided(self) -> int:
        """Calls that were answered with more than `undecided`."""
        return sum(count for name, count in self.outcomes.items() if not name.startswith("undecided"))


def measured(bans: int, rate: int, seconds: int, deadline_ms: int = DEADLINE_MS) -> Loaded:
    """A gate of its own over a Redis of its own, called for so long."""
    own = filled(bans, SEED, midnight())
    with tempfile.TemporaryDirectory() as folder, own.server() as server:
        return asyncio.run(_measured(Path(folder), own, server.url, rate, seconds, deadline_ms))


def table(found: Loaded) -> str:
    head = ("bans", "calls a second", "deadline, ms", "decided", "p50, ms", "p99, ms", "processor a call, ms")
    values = (
        f"{found.bans:,}",
        f"{found.calls_a_second:,}",
        f"{found.deadline_ms:,}",
        f"{found.decided:,} of {found.calls:,}",
        f"{found.p50_ms:g}",
        f"{found.p99_ms:g}",
        f"{found.processor_ms_a_call:g}",
        f"{found.load_average:g}",
    )
    return markdown((*head, "load"), [values])


async def _measured(
    folder: Path, own: Filled, redis_url: str, rate: int, seconds: int, deadline_ms: int
) -> Loaded:
    key = new_key(folder / "keys.json", "bench", frozenset({"score"}), 1e6, datetime.now(UTC))
    api, web, nowhere = take_port(), take_port(), take_port()
    environment = {
        **environment_of(redis_url, own.pepper, own.bans),
        "SAMEHAND_KAFKA_BROKERS": f"{LOOPBACK}:{nowhere.number}",  # scoring needs none
        "SAMEHAND_GATE_KEYS": str(folder / "keys.json"),
        "SAMEHAND_GATE_PORT": str(api.number),
        "SAMEHAND_GATE_DEADLINE_MS": str(deadline_ms),
        "SAMEHAND_WEB_PORT": str(web.number),
        "SAMEHAND_WEB_HOST": LOOPBACK,
        "SAMEHAND_LOG_LEVEL": "warning",
    }
    records = sign_ups(SEED, own.bans, own.originals, SIGN_UPS, at=time.time())
    bodies = [encode(record) for record in records]
    gate = Child([sys.executable, "-m", "cli", "gate"], folder / "gate.log", environment)
    gate.start()
    try:
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
            await _ready(session, f"http://{LOOPBACK}:{web.number}/health/ready")
            url = f"http://{LOOPBACK}:{api.number}/v1/score"
            await _calls(session, url, bodies, rate, 3)  # caches of words fill
            before = cpu_seconds_of(gate)
            took, outcomes = await _calls(session, url, bodies, rate, seconds)
            used = cpu_seconds_of(gate) - before
    finally:
        gate.stop(20.0)
        for port in (api, web, nowhere):
            port.release()
    took.sort()
    return Loaded(
        bans=own.bans,
        calls_a_second=rate,
        deadline_ms=deadline_ms,
        calls=len(took),
        p50_ms=round(took[len(took) // 2] * 1000, 1),
        p99_ms=round(took[int(len(took) * 0.99)] * 1000, 1),
        processor_ms_a_call=round(used / len(took) * 1000, 2),
        outcomes=dict(outcomes),
        load_average=round(os.getloadavg()[0], 1),
    )


async def _ready(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(120):
        while True:
            try:
                async with session.get(url) as answer:
                    if "store" not in (await answer.json())["faults"]:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)


async def _calls(
    session: aiohttp.ClientSession, url: str, bodies: Sequence[bytes], rate: int, seconds: int
) -> tuple[list[float], Counter[str]]:
    took: list[float] = []
    outcomes = Counter[str]()

    async def call(body: bytes, due: float) -> None:
        async with session.post(url, data=body) as answer:
            told = await answer.json()
        took.append(time.perf_counter() - due)
        outcomes[told["outcome"] if told["outcome"] != "undecided" else f"undecided: {told['reason']}"] += 1

    began, calls = time.perf_counter(), []
    for number in range(rate * seconds):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        calls.append(asyncio.ensure_future(call(bodies[number % len(bodies)], due)))
    await asyncio.gather(*calls)
    return took, outcomes
