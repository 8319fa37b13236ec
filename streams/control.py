"""The control topic: where `samehand letters resume` leaves word, and where stopped topics look for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from streams.brokers import ANSWER_MS, reader, writer
from streams.errors import BrokerRefused, BrokerUnavailable, TopicsError
from streams.settings import Settings
from streams.topics import names

T = TypeVar("T")

_PARTITION = 0
_RESUME = b'{"word":"resume"}'


class ControlTopic:
    """`Resumes` on Kafka. It connects for each question: that happens only while a topic stands still."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = names(settings).control

    async def mark(self) -> int:
        """The offset after the last word. Raises `BrokerUnavailable`."""
        return await _asked(self._end)

    async def resumed(self, topic: str, since: int) -> bool:
        """Whether `topic` was resumed at or after offset `since`. Raises `BrokerUnavailable`."""
        return await _asked(lambda: self._said(topic.encode(), since))

    def _end(self) -> int:
        with reader(self._settings) as opened:
            return opened.end(self._topic, _PARTITION)

    def _said(self, key: bytes, since: int) -> bool:
        with reader(self._settings) as opened:
            return any(word.key == key for word in opened.read(self._topic, _PARTITION, since))


async def _asked(question: Callable[[], T]) -> T:
    """In a thread. A missing right or topic is waited out: whoever resumes puts it right too."""
    try:
        return await asyncio.to_thread(question)
    except BrokerRefused as refusal:
        raise BrokerUnavailable(str(refusal)) from refusal


def resume(settings: Settings, topic: str) -> None:
    """Let a stopped topic go on.

    Raises `TopicsError` for a topic nobody consumes, `BrokerUnavailable` otherwise.
    """
    called = names(settings)
    known = (called.created, called.updated, called.deleted, called.banned, called.reinstated)
    if topic not in (*known, called.verdicts, called.enrolled):
        raise TopicsError(f"{topic!r} is no topic that workers consume")
    with writer(settings) as opened:
        opened.send(called.control, key=topic.encode(), value=_RESUME, headers=[]).get(
            timeout=ANSWER_MS / 1000
        )
