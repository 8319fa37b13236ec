"""The store for a command: opened, lent, and closed afterwards."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from agents.common.context import AgentContext, AlertPolicy
from agents.common.weighing import Weighing
from agents.runtime.store_factory import stock_of, store_of
from samehand.scoring.weights import default_weights
from store.base import Store
from store.pepper.pepper import Peppers
from store.redis import RedisStore
from streams.kafka.topics import names
from streams.settings import Settings
from streams.settings.basis_rights import basis_rights_of
from streams.telemetry.metrics import Metrics


@asynccontextmanager
async def closing_store(
    settings: Settings, peppers: Peppers, *, known_epoch: str = "", carrying: bool = False, bulk: bool = False
) -> AsyncIterator[RedisStore]:
    """The store, not yet opened; its connections are closed afterwards."""
    store = store_of(settings, peppers, known_epoch=known_epoch, carrying=carrying, bulk=bulk)
    try:
        yield store
    finally:
        await store.close()


def command_context(settings: Settings, peppers: Peppers, store: Store) -> AgentContext:
    """Returns the context of agents that a command runs; nobody scrapes its metrics."""
    return AgentContext(
        store=store,
        keyers=peppers.keyers,
        weighing=Weighing.by(default_weights()),
        topics=names(settings),
        metrics=Metrics(CollectorRegistry()),
        now=time.time,
        alert_policy=AlertPolicy(
            shadow=settings.shadow,
            stock=stock_of(settings),
            quote_bio=settings.quote_bio,
            basis_rights=basis_rights_of(settings),
        ),
    )
