"""The shards of one store: routes accounts to them, and runs scripts on each under the known epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from store.common.key_digests import Addresses, Digest
from store.errors import StoreUnavailable
from store.redis.candidates.moments import Moments
from store.redis.client import RedisClient, together
from store.redis.layout import Layout, Rows, Spread

# Two workers that write one account at once make each other read it again; more than a few turns mean that
# something else is wrong.
_TURNS = 8
# Words of scripts for an account that existed before; if they give no former place, it has kept its place.
_KNOWN = frozenset({"same", "unchanged", "changed"})


class Write(Protocol):
    """A conditional write of one account: it applies only if the stored state is the expected one."""

    @property
    def digest(self) -> Digest: ...

    @property
    def rows(self) -> Rows:
        """Where the account is to be listed."""

    @property
    def out(self) -> Rows:
        """Where its former state is listed."""

    @property
    def parts(self) -> Sequence[bytes | str | float]: ...


W = TypeVar("W", bound=Write)


class WriteReply(NamedTuple, Generic[W]):
    """A script's reply to a write: a word, and the account's place now and before, ``""`` for none."""

    word: str
    here: str
    before: str
    write: W


class Shards:
    """Routes by digest.

    ``epoch``: the one that this process has seen, "" before the first enrolment. ``moments``: this process's
    copy of the moments of each shard's bans.
    """

    def __init__(self, client: RedisClient, layout: Layout, epoch: str) -> None:
        """Takes the connection, the layout, and the epoch known so far."""
        self.client = client
        self.layout = layout
        self.epoch = epoch
        self.all = range(layout.sizes.shards)
        self.moments = [Moments() for _ in self.all]

    @property
    def addresses(self) -> Addresses:
        """The keyed hashes of this store."""
        return self.layout.addresses

    def root(self, shard: int) -> str:
        """The prefix of a shard's keys."""
        return self.layout.root(shard)

    def of(self, digest: Digest) -> int:
        """The number of the shard of an account or an alert."""
        return digest.shard(self.layout.sizes.shards)

    def by_shard(self, digests: Iterable[Digest]) -> dict[int, list[int]]:
        """The positions of accounts or alerts, by the number of their shard."""
        places: dict[int, list[int]] = {}
        for at, digest in enumerate(digests):
            places.setdefault(self.of(digest), []).append(at)
        return places

    def key(self, kind: str, digest: Digest) -> str:
        """The key of one kind that is named after an account or an alert."""
        return f"{self.root(self.of(digest))}{kind}:{digest.raw.hex()}"

    def adopt(self, epoch: str) -> None:
        """Notes an epoch that another process began, if none is known yet."""
        if epoch and not self.epoch:
            self.epoch = epoch

    async def script(self, name: str, shard: int, *arguments: bytes | str | float) -> Any:
        return await self.client.script(name, self.root(shard), self.epoch, *arguments)

    async def scatter(
        self,
        name: str,
        digests: Sequence[Digest],
        head: Iterable[bytes | str | float],
        items: Sequence[Sequence[bytes | str | float]],
    ) -> list[tuple[int, list[int], Any]]:
        """Runs a script on each shard of some digest, with ``head`` and the items of its digests.

        Returns for each such shard its number, the positions of its items, and the script's reply.
        """
        by_shard, head = self.by_shard(digests), tuple(head)
        answers = await together(
            [
                self.script(name, shard, *head, *(part for at in places for part in items[at]))
                for shard, places in by_shard.items()
            ]
        )
        return [
            (shard, places, answer) for (shard, places), answer in zip(by_shard.items(), answers, strict=True)
        ]

    async def ask(
        self,
        name: str,
        digests: Sequence[Digest],
        head: Iterable[bytes | str | float],
        items: Sequence[Sequence[bytes | str | float]],
        width: int = 1,
    ) -> list[list[Any]]:
        """Like :meth:`scatter`, for scripts that reply ``width`` parts for each item; in the items' order."""
        answers: list[list[Any]] = [[] for _ in digests]
        for _, places, answer in await self.scatter(name, digests, head, items):
            for turn, at in enumerate(places):
                answers[at] = answer[turn * width : (turn + 1) * width]
        return answers

    async def write(
        self,
        name: str,
        writes: Sequence[W],
        head: Iterable[bytes | str | float],
        instead: Callable[[W, bytes, bytes], W],
    ) -> tuple[list[WriteReply[W]], list[list[Any]]]:
        """Runs a script for each write; returns the replies to the writes, and each shard's further replies.

        If the stored frame and quote are not the expected ones, ``instead`` makes the write that replaces
        these, and the next turn tries it. Two writes of one account are applied in the batch's order.
        """
        replies: dict[int, WriteReply[W]] = {}
        besides: list[list[Any]] = []
        written, head = list(writes), tuple(head)
        todo = dict.fromkeys(range(len(writes)))
        for _ in range(_TURNS + len(writes)):
            if not todo:
                return [replies[at] for at in range(len(writes))], besides
            first: dict[bytes, int] = {}
            for at in todo:
                first.setdefault(written[at].digest.raw, at)
            turn = list(first.values())
            several = [written[at] for at in turn]
            digests, parts = [write.digest for write in several], [write.parts for write in several]
            for _, where, answer in await self.scatter(name, digests, head, parts):
                besides.append(answer[3 * len(where) :])
                for number, place in enumerate(where):
                    at, (word, one, other) = turn[place], answer[3 * number : 3 * number + 3]
                    if word == b"conflict":
                        written[at] = instead(writes[at], one, other)
                    else:
                        replies[at] = WriteReply(word.decode(), one.decode(), other.decode(), written[at])
                        del todo[at]
        raise StoreUnavailable(
            f"writes of {len(todo)} accounts given up: other workers changed them before each retry"
        )

    async def list_elsewhere(
        self, replies: Sequence[WriteReply[W]], spread: Spread, ttl: int | None = None
    ) -> None:
        """The second step of a write: entries in other shards than the record's (none with one shard).

        An account that keeps its place is listed again: the process that wrote it may have died before this
        step.
        """
        by_shard: dict[int, list[bytes | str | int]] = {}
        for reply in replies:
            own = self.of(reply.write.digest)
            steps = [("unlist", reply.before, reply.write.out)]
            if reply.here:
                stays = reply.word in _KNOWN and not reply.before
                steps.append(("again" if stays else "list", reply.here, reply.write.rows))
            for verb, where, rows in steps:
                index, _, slot = where.partition(":")
                for shard, some in rows.others.items() if where else ():
                    place = spread.place(own, int(slot))
                    by_shard.setdefault(shard, []).extend((verb, f"{index}:", ttl or "", place, some))
        await together([self.script("entries", shard, *parts) for shard, parts in by_shard.items()])

    async def quotes(self, refs: Sequence[str]) -> list[tuple[bytes, list[bytes]]]:
        """The packed quotes of candidates, by ``ref``; empty where another account has the slot by now.

        And of bans the packed reasons that explain their dismissed alerts, by turns with the alerts' ids.
        """
        by_shard: dict[int, list[int]] = {}
        parts: list[tuple[bytes | str, ...]] = []
        for at, ref in enumerate(refs):
            shard, place, tag = ref.split(".")
            name, _, slot = place.partition(":")
            by_shard.setdefault(int(shard), []).append(at)
            parts.append((f"{name}:", slot, bytes.fromhex(tag)))
        answers = await together(
            [
                self.script("quotes", shard, *(part for at in places for part in parts[at]))
                for shard, places in by_shard.items()
            ]
        )
        quotes: list[tuple[bytes, list[bytes]]] = [(b"", [])] * len(refs)
        for places, raws in zip(by_shard.values(), answers, strict=True):
            for at, quote, reasons in zip(places, raws[::2], raws[1::2], strict=True):
                quotes[at] = quote, reasons
        return quotes
