"""A topic that was deleted and created again: the same name, another id, and offsets that begin anew.

A worker that goes by names alone loses records then: it takes the new topic's first records for ones it has
seen, and its group's commits point into the middle of a topic that they are not about. So each commit carries
the id of the topic that it is about (`streams.faust_app.patches`), a partition whose commit is about another
topic is read from its start, and a worker whose topic was replaced under it ends and starts again.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import structlog
from faust.exceptions import ConsumerNotStarted

from streams.errors import BrokerRefused, BrokerUnavailable
from streams.faust_app.app import WorkerApp
from streams.kafka.client import kept_admin
from streams.kafka.topic_ids import created_again, ids_of

LOOK_SECONDS: Final = 5.0
"""Nothing is lost however late it is noticed; the new topic's first records wait for so long."""

log = structlog.get_logger("samehand.topics")


async def watch_topics(app: WorkerApp) -> None:
    """Runs until the app stops. Ends the process to start again from a new topic's first record."""
    kept = kept_admin(app.settings)
    waiting: dict[str, int] = {}
    try:
        while not app.life.stopping:
            await app.clock.sleep(LOOK_SECONDS)
            try:
                present = await asyncio.to_thread(kept.ask, lambda client: ids_of(client, app.topic_ids))
            except (BrokerUnavailable, BrokerRefused) as fault:
                log.info("topic ids unknown", fault=str(fault))
                continue
            if again := created_again(app.topic_ids, present):
                for topic in again:
                    log.critical(
                        "topic was deleted and created again", topic=topic, unread=waiting.get(topic)
                    )
                app.life.stuck = f"{', '.join(again)}: deleted and created again"
                app.life.stopping = True
                app.life.end()
                return
            # What waited in a missing topic is logged when the topic is there again.
            waiting = {topic: count for topic, count in waiting.items() if topic not in present} | unread(app)
    finally:
        # In a thread, since a question may be under way; nothing waits for its answer.
        asyncio.get_running_loop().run_in_executor(None, kept.close)


def unread(app: WorkerApp) -> dict[str, int]:
    """How many records of each topic wait for their outcome, by the high water marks the consumer knows."""
    consumer: Any = app.consumer
    waiting: dict[str, int] = {}
    try:
        assigned = consumer.assignment()
    except ConsumerNotStarted:  # a machine that is busy takes longer to start than the first look
        return waiting
    for tp in assigned:
        settled = [progress.next_offsets.get((tp.topic, tp.partition)) for progress in app.progress]
        reached = max((offset for offset in settled if offset is not None), default=None)
        following = reached if reached is not None else consumer._committed_offset[tp] or 0
        waiting[tp.topic] = waiting.get(tp.topic, 0) + max(0, (consumer.highwater(tp) or 0) - following)
    return waiting
