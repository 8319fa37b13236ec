"""Keeps facts about the store outside of it: without them an emptied store would look like a new one.

These are its epoch, and the history of its servers (:meth:`store.base.Store.history`) up to which no write is
missing. Both are kept in the control topic, which is compacted, under keys of the store's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import msgspec

from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka.client import ANSWER_MS, reader, writer
from streams.kafka.topics import names
from streams.settings import Settings

T = TypeVar("T")

_PARTITION = 0
_EPOCH, _HISTORY = "store-epoch", "store-history"


class _Word(msgspec.Struct, frozen=True, omit_defaults=True):
    epoch: str = ""
    history: str = ""


def known_epoch(settings: Settings) -> str:
    """The epoch noted last for the store that the settings name; "" where there is none, or no topic yet.

    Raises `BrokerUnavailable`, `BrokerRefused`.
    """
    return _read(settings, _EPOCH).epoch


def note_epoch(settings: Settings, epoch: str) -> None:
    """Notes the epoch that holds from now on. Raises `BrokerUnavailable`, `BrokerRefused`."""
    _write(settings, _EPOCH, _Word(epoch=epoch))


class EpochTopic:
    """Reads and notes the epoch for a worker, in a thread. It connects for each question: they are few."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def known(self) -> str:
        """The epoch noted last, "" for none. Raises `BrokerUnavailable`."""
        return await _waited(asyncio.to_thread(known_epoch, self._settings))

    async def note(self, epoch: str) -> None:
        """Notes the present epoch. Raises `BrokerUnavailable`."""
        await _waited(asyncio.to_thread(note_epoch, self._settings, epoch))


class HistoryTopic:
    """Reads and notes, for a worker, up to which history of its servers the store lacks no write."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def known(self) -> str:
        """The history noted last, "" for none. Raises `BrokerUnavailable`."""
        return (await _waited(asyncio.to_thread(_read, self._settings, _HISTORY))).history

    async def note(self, history: str) -> None:
        """Notes that nothing is missing under this history. Raises `BrokerUnavailable`."""
        await _waited(asyncio.to_thread(_write, self._settings, _HISTORY, _Word(history=history)))


async def _waited(answer: Awaitable[T]) -> T:
    """Awaits an answer. A missing right is waited out as an outage is: granting it needs no restart."""
    try:
        return await answer
    except BrokerRefused as refusal:
        raise BrokerUnavailable(str(refusal)) from refusal


def _read(settings: Settings, name: str) -> _Word:
    topic, key, last = names(settings).control, _key(settings, name), b""
    with reader(settings) as opened:
        if _PARTITION in opened.partitions(topic):
            for word in opened.read(topic, _PARTITION):
                last = word.value or b"" if word.key == key else last
    try:
        return msgspec.json.decode(last, type=_Word) if last else _Word()
    except msgspec.MsgspecError as fault:
        raise BrokerRefused(
            f"topic {topic}: the newest record of key {key.decode()} cannot be decoded"
        ) from fault


def _write(settings: Settings, name: str, word: _Word) -> None:
    with writer(settings) as opened:
        opened.send(
            names(settings).control, key=_key(settings, name), value=msgspec.json.encode(word), headers=[]
        ).get(timeout=ANSWER_MS / 1000)


def _key(settings: Settings, name: str) -> bytes:
    return f"{name}:{settings.store_prefix}".encode()
