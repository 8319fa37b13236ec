"""Changes what a store keeps by optimistic steps: read some keys, decide, and write if they are unchanged.

All keys that one step compares and writes have one home, a tag of the store that lies on one server. Each
value begins with the stamp of the step that wrote it, so a step compares eight bytes a key, however long its
values are. A step that finds another stamp is decided anew from what the keys hold by then. If it finds its
own stamp, an earlier attempt was applied and only its reply was lost: the step returns that attempt's
result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from random import uniform
from secrets import token_bytes
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from store.common.key_digests import Addresses
from store.errors import StoreUnavailable

STAMP_BYTES: Final = 8
# Six workers on one crowded ban need four turns at most (tests/store/rules).
_TURNS: Final = 24
_PAUSE_SECONDS: Final = 0.002  # a turn's two round trips

Part = bytes | str | float
T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)


class Command(NamedTuple):
    """A command of Redis on one key; ``parts`` are verb, key without its home's prefix, and arguments."""

    home: int
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """The name of the key."""
        return str(self.parts[1])


class Transaction(NamedTuple):
    """Commands under one home, to be run at once if keys are unchanged.

    ``read``: each key and its value as read, empty where there was none; a stamp stands for a value that
    begins with it.
    """

    home: int
    read: Collection[tuple[Part, bytes]]
    commands: Sequence[tuple[Part, ...]]


class Standing(NamedTuple):
    """What is known of an account itself.

    ``expired``: its ban has ended and is yet to be removed. ``deleted_at``: the moment (Unix seconds) of its
    latest deletion, ``None`` if none is known.
    """

    banned: bool = False
    expired: bool = False
    deleted_at: float | None = None
    reinstated: bool = False


class Keyspace(Protocol):
    """The keys of a store."""

    addresses: Addresses

    @property
    def homes(self) -> Sequence[int]:
        """All homes."""

    def home(self, digest: bytes) -> int:
        """The home of what is named after an account or an alert."""

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Returns the replies to reading commands, in order; those of one home see one moment."""

    async def apply(self, steps: Sequence[Transaction]) -> list[bool]:
        """Runs each step if its keys are as they were read; returns whether it did, else it wrote nothing."""

    async def standing(
        self, accounts: Sequence[str], now: float, besides: Sequence[Command] = ()
    ) -> tuple[list[Standing], list[Any]]:
        """What is known of accounts at ``now`` (Unix seconds), and in one trip what :meth:`ask` returns."""

    async def together(self, jobs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
        """Runs jobs, side by side where that saves time."""


class Sight:
    """What one attempt of a step reads, and what it is to write."""

    def __init__(self, keys: Keyspace, home: int, stamp: bytes, seen: Mapping[Command, Any]) -> None:
        """Takes the replies ``seen`` so far, which are not asked for again."""
        self.addresses = keys.addresses
        self.home = home
        self.read: dict[str, bytes] = {}
        self.besides: list[Command] = []
        """What is written under other homes at the same time, whether or not the step is applied."""
        self._commands: list[tuple[Part, ...]] = []
        self._values: dict[str, tuple[Part, ...]] = {}  # written last, and each once
        self._keys = keys
        self._stamp = stamp
        self._seen = dict(seen)

    async def ask(self, *asked: tuple[Part, ...]) -> list[Any]:
        """Returns the replies to reading commands, each given as verb, name and arguments."""
        wanted = [Command(self.home, parts) for parts in asked]
        missing = [each for each in wanted if each not in self._seen]
        replies = await self._keys.ask(missing) if missing else []
        self._seen |= zip(missing, replies, strict=True)
        return [self._seen[each] for each in wanted]

    async def get(self, names: Sequence[str], decoder: msgspec.msgpack.Decoder[S]) -> list[S | None]:
        """Returns the values of keys, which are compared when the step is applied."""
        values = await self.ask(*[("GET", name) for name in names])
        self.read |= {name: (raw or b"")[:STAMP_BYTES] for name, raw in zip(names, values, strict=True)}
        return [decoder.decode(raw[STAMP_BYTES:]) if raw else None for raw in values]

    def put(self, name: str, value: msgspec.Struct | None, seconds: int | None = None) -> None:
        """Writes a value, for so many seconds or without end; ``None`` deletes it."""
        if value is None:
            self._values[name] = ("DEL", name)
        else:
            lasts = () if seconds is None else ("EX", seconds)
            packed = self._stamp + msgspec.msgpack.encode(value)
            self._values[name] = ("SET", name, packed, *lasts)

    def run(self, *parts: Part) -> None:
        """Writes by another command, given as verb, name and arguments."""
        self._commands.append(parts)

    @property
    def commands(self) -> list[tuple[Part, ...]]:
        """All that is to be written."""
        return [*self._commands, *self._values.values()]


def command(home: int, *parts: Part) -> Command:
    """Makes a command from its parts."""
    return Command(home, parts)


def named(keys: Keyspace, verb: str, kind: str, digest: bytes, *arguments: Part) -> Command:
    """Makes a command on the key of a kind that is named after an account or an alert."""
    return command(keys.home(digest), verb, f"{kind}:{digest.hex()}", *arguments)


class Job(NamedTuple, Generic[T]):
    """What is to be read and written under one home, by ``act``; ``reads`` are its first commands."""

    home: int
    act: Callable[[Sight], Awaitable[T]]
    reads: Sequence[Command] = ()


async def steps(keys: Keyspace, jobs: Sequence[Job[T]], seen: Mapping[Command, Any] | None = None) -> list[T]:
    """Lets each job read and write until nobody changed meanwhile what it read.

    All begin to read in one trip, and write in another. ``seen``: what the caller has just read.
    """
    stamps = [token_bytes(STAMP_BYTES) for _ in jobs]
    results: dict[int, T] = {}
    pending = list(range(len(jobs)))
    for turn in range(_TURNS):
        if seen is None:
            reads = list(dict.fromkeys(each for at in pending for each in jobs[at].reads))
            seen = dict(zip(reads, await keys.ask(reads) if reads else [], strict=True))
        written: list[tuple[int, Sight]] = []
        for at in pending:
            sight = Sight(keys, jobs[at].home, stamps[at], seen)
            result = await jobs[at].act(sight)
            if turn and stamps[at] in sight.read.values():
                continue  # the attempt before was applied, and its result stands
            results[at] = result
            if sight.commands:
                written.append((at, sight))
        if not written:
            break
        every = [Transaction(sight.home, sight.read.items(), sight.commands) for _, sight in written]
        besides = _by_home([each for _, sight in written for each in sight.besides])
        applied = await keys.apply([*every, *besides])
        pending = [at for (at, _), done in zip(written, applied, strict=False) if not done]
        if not pending:
            break
        seen = None
        await asyncio.sleep(uniform(0.0, turn * _PAUSE_SECONDS))  # noqa: S311  # spreads those that collide
    else:
        raise StoreUnavailable("a write was given up: others changed what it had read, before each retry")
    return [results[at] for at in range(len(jobs))]


async def step(keys: Keyspace, home: int, act: Callable[[Sight], Awaitable[T]]) -> T:
    """Lets one job read and write."""
    (result,) = await steps(keys, [Job(home, act)])
    return result


async def values(
    keys: Keyspace, commands: Sequence[Command], decoder: msgspec.msgpack.Decoder[S]
) -> list[S | None]:
    """Returns stamped values without changing any."""
    return [decoder.decode(raw[STAMP_BYTES:]) if raw else None for raw in await keys.ask(commands)]


async def write(keys: Keyspace, commands: Sequence[Command]) -> None:
    """Runs commands that depend on nothing read, those of each home in one step."""
    if commands:
        await keys.apply(_by_home(commands))


def _by_home(commands: Sequence[Command]) -> list[Transaction]:
    by_home: dict[int, list[tuple[Part, ...]]] = {}
    for each in commands:
        by_home.setdefault(each.home, []).append(each.parts)
    return [Transaction(home, (), several) for home, several in by_home.items()]
