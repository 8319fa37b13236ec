"""The store's epoch, known from outside the store: otherwise one that was emptied looks like one that is new.

It is kept in the control topic, which is compacted, under a key of the store's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import msgspec

from streams.brokers import ANSWER_MS, reader, writer
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.settings import Settings
from streams.topics import names

T = TypeVar("T")

_PARTITION = 0


class _Word(msgspec.Struct, frozen=True):
    epoch: str


def known_epoch(settings: Settings) -> str:
    """The epoch noted last for the store that the settings name; "" where there is none, or no topic yet.

    Raises `BrokerUnavailable`, `BrokerRefused`.
    """
    topic, key, last = names(settings).control, _key(settings), b""
    with reader(settings) as opened:
        if _PARTITION in opened.partitions(topic):
            for word in opened.read(topic, _PARTITION):
                last = word.value or b"" if word.key == key else last
    try:
        return msgspec.json.decode(last, type=_Word).epoch if last else ""
    except msgspec.MsgspecError as fault:
        raise BrokerRefused(f"{topic} holds no epoch that can be read under {key.decode()}") from fault


def note_epoch(settings: Settings, epoch: str) -> None:
    """Notes the epoch that stands from now on. Raises `BrokerUnavailable`, `BrokerRefused`."""
    with writer(settings) as opened:
        opened.send(
            names(settings).control, key=_key(settings), value=msgspec.json.encode(_Word(epoch)), headers=[]
        ).get(timeout=ANSWER_MS / 1000)


class EpochTopic:
    """The same for a worker, in a thread. It connects for each question: they are few."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def known(self) -> str:
        """The epoch noted last, "" for none. Raises `BrokerUnavailable`."""
        return await _waited(asyncio.to_thread(known_epoch, self._settings))

    async def note(self, epoch: str) -> None:
        """Notes the epoch that stands. Raises `BrokerUnavailable`."""
        await _waited(asyncio.to_thread(note_epoch, self._settings, epoch))


async def _waited(answer: Awaitable[T]) -> T:
    """A missing right is waited out, as an outage is: whoever puts it right need not restart us."""
    try:
        return await answer
    except BrokerRefused as refusal:
        raise BrokerUnavailable(str(refusal)) from refusal


def _key(settings: Settings) -> bytes:
    return f"store-epoch:{settings.store_prefix}".encode()
