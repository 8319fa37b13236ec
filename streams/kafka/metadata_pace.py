"""Lets aiokafka ask for metadata at most a few times a second about the same topics.

While a partition has no leader (its broker was stopped in order, and the others answer at once that nobody
leads it), aiokafka's sender asks, finds none, and asks again without a pause, though a comment there says
that it waits: a bridge took a quarter of a processor for as long as the outage lasted (none found upstream).
All asking goes through `AIOKafkaClient._metadata_update`, and every caller waits for it: one pause is enough.
`tests/streams/kafka/test_kafka.py` reads the installed source, and fails once that has changed.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

PACE_SECONDS: Final = 0.25
"""Between two questions. A leader that was elected is known so much later: an election takes seconds."""


def pace_metadata(
    client: Any,
    *,
    ticks: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Makes aiokafka's client pause before it asks about the same topics again; about others it asks at once.

    Takes the client before it is started.
    """
    ask: Callable[[Any, Any], Awaitable[bool]] = client._metadata_update
    asked_at, asked_about = -math.inf, frozenset[str]()

    async def paced(cluster: Any, topics: Any) -> bool:
        nonlocal asked_at, asked_about
        about = frozenset(topics or ())
        if about == asked_about and (left := asked_at + PACE_SECONDS - ticks()) > 0:
            await sleep(left)
        asked_at, asked_about = ticks(), about
        return await ask(cluster, topics)

    client._metadata_update = paced
