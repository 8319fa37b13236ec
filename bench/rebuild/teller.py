"""How records reach a store: through the worker's own agent, in its batches."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from prometheus_client import CollectorRegistry

from agents.common.context import OPERATIONS, AgentContext
from agents.common.weights_in_force import WeightsInForce
from agents.enrol import Enrol
from bench.store.bans import BANNED_AT, KEYERS
from samehand.scoring.weights import default_weights
from store.redis import RedisStore
from streams.kafka.topics import Names
from streams.outcomes import Arrival
from streams.telemetry.metrics import Metrics

NOW = BANNED_AT + 86_400.0
"""When all of it is told and asked, in seconds since 1970."""

_BATCH = 500


def an_agent(store: RedisStore) -> Enrol:
    """The worker's agent, which a rebuild uses too."""
    context = AgentContext(
        store=store,
        keyers=KEYERS,
        weights=WeightsInForce(default_weights()),
        topics=Names("bench."),
        metrics=Metrics(CollectorRegistry(), operations=OPERATIONS),
        now=lambda: NOW,
    )
    return Enrol(context)


async def tell(store: RedisStore, records: Iterator[Arrival]) -> int:
    """Tells a store of all records in turn; answers how many there were."""
    enrol, told = an_agent(store), 0
    while batch := list(islice(records, _BATCH)):
        await enrol(batch)
        told += len(batch)
    return told
