"""The desk's process: the database opened, Kafka followed, pages served, until it is told to stop."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Final

import structlog
import uvicorn

from desk.database.engine import opened
from desk.database.secret import kept
from desk.feed.consume import Applied, Consumer
from desk.feed.publish import Publisher
from desk.feed.run import Feed, State
from desk.review.policy import Policy
from desk.web.app import create_app
from desk.web.desk import Desk
from streams.kafka.topics import names
from streams.settings import Settings

log = structlog.get_logger("samehand.desk")

CONNECTIONS_MAX: Final = 512
"""Fifty people with a stream and a few requests each, below the files that a process may usually open."""


def policy_of(settings: Settings, key: bytes) -> Policy:
    """The numbers that the desk works by."""
    return Policy(
        key=key,
        blind_share=settings.desk_blind_share,
        second_share=settings.desk_second_share,
        undo_seconds=settings.desk_undo_seconds,
        claim_seconds=settings.desk_claim_seconds,
        goal_seconds=(settings.desk_likely_minutes * 60.0, settings.desk_possible_minutes * 60.0),
    )


def run(settings: Settings) -> int:
    """Serves until SIGINT or SIGTERM; the exit code.

    Raises `DatabaseError`.
    """
    return asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(
            opened(settings.database_url.get_secret_value(), password=settings.database_secret())
        )
        async with database.begin() as connection:
            key = await kept(connection, "draws")
        topics, state = names(settings), State()
        desk = Desk(database, settings, policy_of(settings, key), time.time)
        feed = Feed(
            database,
            settings,
            Consumer(database, topics, desk.policy, time.time),
            Publisher(database, topics.verdicts, time.time),
            heard=_heard,
            state=state,
        )
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(desk),
                host=settings.desk_host,
                port=settings.desk_port,
                log_config=None,
                access_log=False,  # addresses of pages name alerts; the audit tells who opened which
                server_header=False,
                proxy_headers=False,
                limit_concurrency=CONNECTIONS_MAX,
                timeout_graceful_shutdown=int(settings.stop_seconds),
            )
        )
        feeding = asyncio.create_task(feed.run())
        try:
            await server.serve()
        finally:
            state.stopping.set()
            await feeding
        return 0 if server.started else 71


def _heard(applied: Applied) -> None:
    log.debug("applied", alerts=applied.alerts, verdicts=applied.verdicts, refused=len(applied.refused))
