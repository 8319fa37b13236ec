"""The control topic: workers note there that a topic stopped, `samehand letters resume` that it may go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import msgspec

from streams.deadletters.pause import Stop
from streams.errors import BrokerRefused, BrokerUnavailable, TopicsError
from streams.kafka.client import ANSWER_MS, kept_reader, reader, writer
from streams.kafka.mapped_topics import VARIABLE, foreign_topics
from streams.kafka.topics import names
from streams.outcomes import Arrival
from streams.settings import Settings

T = TypeVar("T")

_PARTITION = 0
_RESUME = "resume"
_STOP = "stop"


class _Word(msgspec.Struct, frozen=True, omit_defaults=True):
    word: str
    why: str = ""
    bound: str = ""


class ControlTopic:
    """`Resumes` on Kafka. It keeps its connection while a topic is stopped, which may be for days."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = names(settings).control
        self._reader = kept_reader(settings)

    async def stop(self, topic: str, stop: Stop) -> Stop:
        """Notes that `topic` is stopped; returns the stop with its offset. Raises `BrokerUnavailable`."""
        word = _Word(_STOP, stop.why, stop.bound)
        return replace(stop, since=1 + await _asked(lambda: _say(self._settings, topic, word)))

    async def resumed(self, topic: str, since: int) -> bool:
        """Returns whether `topic` was resumed at or after offset `since`. Raises `BrokerUnavailable`."""

        def said() -> bool:
            words = self._reader.ask(lambda opened: list(opened.read(self._topic, _PARTITION, since)))
            resumed = any(
                _read(message).word == _RESUME for message in words if message.key == topic.encode()
            )
            if resumed:
                self._reader.close()
            return resumed

        return await _asked(said)


async def _asked(question: Callable[[], T]) -> T:
    """Asks in a thread. A missing right or topic is waited out: an operator who resumes mends it too."""
    try:
        return await asyncio.to_thread(question)
    except BrokerRefused as refusal:
        raise BrokerUnavailable(str(refusal)) from refusal


def resume(settings: Settings, topic: str) -> None:
    """Let a stopped topic go on.

    Raises `TopicsError` for a topic nobody consumes, `BrokerUnavailable` otherwise.
    """
    require_consumed(settings, topic)
    _say(settings, topic, _Word(_RESUME))


def require_consumed(settings: Settings, topic: str) -> None:
    """Raises `TopicsError` for a topic nobody consumes."""
    called = names(settings)
    ours = topic in (*called.events, called.scanned, called.verdicts, called.enrolled)
    if not ours and topic not in foreign_topics(settings):
        raise TopicsError(f"{topic!r} is no topic that workers consume, nor one that {VARIABLE} maps")


def stopped_topics(settings: Settings) -> dict[str, Stop]:
    """The topics whose last message says that they are stopped.

    Raises `BrokerUnavailable`, `BrokerRefused`.
    """
    control, stops = names(settings).control, dict[str, Stop]()
    with reader(settings) as opened:
        if _PARTITION in opened.partitions(control):
            for arrival in opened.read(control, _PARTITION):
                topic, word = (arrival.key or b"").decode(errors="replace"), _read(arrival)
                if word.word == _STOP:
                    stops[topic] = Stop(word.why, word.bound, arrival.offset + 1)
                elif word.word == _RESUME:
                    stops.pop(topic, None)
    return stops


def _say(settings: Settings, topic: str, word: _Word) -> int:
    """Appends a message; returns its offset."""
    with writer(settings) as opened:
        said = opened.send(
            names(settings).control, key=topic.encode(), value=msgspec.json.encode(word), headers=[]
        )
        return int(said.get(timeout=ANSWER_MS / 1000).offset)


def _read(arrival: Arrival) -> _Word:
    """The message of a record; an empty one where it is about something else, as the store's epoch is."""
    try:
        return msgspec.json.decode(arrival.value or b"", type=_Word)
    except msgspec.MsgspecError:
        return _Word("")
