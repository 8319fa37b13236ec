"""Keeps the alerts on one ban together: what a step changes of its pairs, it changes of their lists as well.

Under the banned account's home lie: `s:` a pair (its names are the ban's and the alert's digests); `o:` its
open alerts, `c:` those that are withdrawn and known; `due` what is owed, since when, whoever's ban it is;
`unjudged` published alerts without a verdict; `h:` pairs that are only counted, by band, and `hs:` which
alert sums them up. So an alert, the debt to consumers and the ban's counts change in the same step, or none
of them does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec

from store.limits import COUNTED_A_BAN, OPEN_ALERTS_A_BAN
from store.rules.keyspace import Command, Job, Keyspace, Sight, command, steps, values
from store.rules.pairs import GONE, KNOWN_ON, OPEN, StoredAlert, StoredPair, band_rank, summed_up

DUE: Final = "due"
UNJUDGED: Final = "unjudged"
PAIR: Final = msgspec.msgpack.Decoder(StoredPair)


def pair_name(banned: bytes, alert: bytes) -> str:
    """The name of a pair's key, by its digests."""
    return f"s:{banned.hex()}{alert.hex()}"


T = TypeVar("T")
COUNTS: Final = 4
"""So many reads of a ban's counts come before those of its pairs."""


def first_reads(banned: bytes, alerts: Iterable[bytes]) -> list[tuple[str, str]]:
    """The verbs and names by which a step on a ban begins to read: its counts, then pairs."""
    name = banned.hex()
    counts = [("ZCARD", f"o:{name}"), ("ZCARD", f"c:{name}"), ("HLEN", f"h:{name}"), ("GET", f"hs:{name}")]
    return counts + [("GET", pair_name(banned, alert)) for alert in alerts]


async def pairs_at(keys: Keyspace, places: Sequence[tuple[bytes, bytes]]) -> list[StoredPair | None]:
    """Reads pairs by their digests: of the ban, and of the alert."""
    return await values(
        keys, [command(keys.home(banned), "GET", pair_name(banned, alert)) for banned, alert in places], PAIR
    )


class BanAlerts:
    """The alerts on one ban in one step."""

    def __init__(self, sight: Sight, banned: bytes, now: float, seconds: int) -> None:
        """Takes the banned account's digest, and for how many seconds a pair is kept that is gone."""
        self.pairs: dict[bytes, StoredPair | None] = {}
        self.open = 0
        self.known = 0
        self.sight = sight
        self._banned = banned
        self._now = now
        self._seconds = seconds
        self._counted: dict[bytes, bytes | None] = {}
        self._count = 0
        self._summary: bytes | None = None

    async def load(self, alerts: Iterable[bytes]) -> None:
        """Reads pairs by their alerts' digests, and the ban's counts."""
        wanted = list(dict.fromkeys(alerts))
        reads = first_reads(self._banned, wanted)
        self.open, self.known, self._count, self._summary = (await self.sight.ask(*reads))[:COUNTS]
        every = [*wanted, *([self._summary] if self._summary else [])]
        names = [pair_name(self._banned, alert) for alert in every]
        self.pairs = dict(zip(every, await self.sight.get(names, PAIR), strict=True))
        if self._count:
            ranks = await self.sight.ask(*[("HGET", self._name("h"), alert) for alert in wanted])
            self._counted = dict(zip(wanted, ranks, strict=True))

    def _name(self, kind: str) -> str:
        return f"{kind}:{self._banned.hex()}"

    def put(self, alert: bytes, pair: StoredPair, summary: StoredAlert | None = None) -> None:
        """Writes a pair, and all that the ban has to say of it; a pair that opens is counted no more."""
        opened = (self.pairs.get(alert) or StoredPair()).status != OPEN, pair.status == OPEN
        self._write(alert, pair)
        if opened[1] and self.uncount(alert):
            self._sum_up(summary)
        elif opened[0] == opened[1] and self._count:
            self._sum_up_again()

    def _write(self, alert: bytes, pair: StoredPair) -> None:
        before, self.pairs[alert] = self.pairs.get(alert) or StoredPair(), pair
        ends = pair.status == GONE and not pair.owed
        self.sight.put(pair_name(self._banned, alert), pair, self._seconds if ends else None)
        self.open += self._listed("o", alert, before.status == OPEN, pair.status == OPEN)
        self.known += self._listed("c", alert, before.status in KNOWN_ON, pair.status in KNOWN_ON)
        if pair.owed and (pair.owed, pair.owed_at) != (before.owed, before.owed_at):
            self.sight.run("ZADD", DUE, repr(pair.owed_at), self._banned + alert)
        elif before.owed and not pair.owed:
            self.sight.run("ZREM", DUE, self._banned + alert)

    def _listed(self, kind: str, alert: bytes, before: bool, after: bool) -> int:
        if after and not before:
            self.sight.run("ZADD", self._name(kind), 0, alert)
        elif before and not after:
            self.sight.run("ZREM", self._name(kind), alert)
        return after - before

    def judge(self, alert: bytes) -> None:
        """Notes that an alert waits for a verdict no more."""
        self.sight.run("ZREM", UNJUDGED, self._banned + alert)

    def await_verdict(self, alert: bytes) -> None:
        """Notes that an alert waits for a verdict; one that does already keeps its moment."""
        self.sight.run("ZADD", UNJUDGED, "NX", repr(self._now), self._banned + alert)

    def full(self, summary: StoredAlert | None) -> bool:
        """Returns whether the ban has as many open alerts as it may have, its summary excepted."""
        given = None if summary is None else self.sight.addresses.alert(summary.alert_id).raw
        pairs = [self.pairs.get(alert) for alert in {self._summary, given} if alert]
        return (
            self.open - sum(pair is not None and pair.status == OPEN for pair in pairs) >= OPEN_ALERTS_A_BAN
        )

    def withhold(self, alert: bytes, band: str, summary: StoredAlert | None) -> None:
        """Counts a pair in the ban's summary."""
        rank, known = str(band_rank(band)).encode(), self._counted.get(alert)
        if known == rank or (known is None and self._count >= COUNTED_A_BAN):
            return
        self.sight.run("HSET", self._name("h"), alert, rank)
        self.sight.run("EXPIRE", self._name("h"), self._seconds)
        self._count += known is None
        self._counted[alert] = rank
        self._sum_up(summary)

    def uncount(self, alert: bytes, *, sums_up: bool = False) -> bool:
        """Counts a pair no more; returns whether it was counted. ``sums_up``: the summary is to say so."""
        if self._counted.get(alert) is None:
            return False
        self.sight.run("HDEL", self._name("h"), alert)
        self._count -= 1
        self._counted[alert] = None
        if sums_up:
            self._sum_up_again()
        return True

    def count_nothing(self) -> None:
        """Forgets which pairs are counted, since the ban ends."""
        self.sight.run("DEL", self._name("h"))
        self.sight.run("DEL", self._name("hs"))
        self._count, self._summary = 0, None

    def _sum_up(self, summary: StoredAlert | None) -> None:
        """The counts have changed: the summary is owed under its next revision."""
        if summary is None:
            return
        alert = self.sight.addresses.alert(summary.alert_id).raw
        if alert != self._summary:
            self.sight.run("SET", self._name("hs"), alert)
            self._summary = alert
        self._write(alert, summed_up(self.pairs.get(alert), summary, self._now))

    def _sum_up_again(self) -> None:
        """The same for a ban that has a summary already."""
        pair = self.pairs.get(self._summary) if self._summary else None
        if pair is not None and pair.status == OPEN and pair.alert is not None:
            self._sum_up(pair.alert)


async def on_bans(
    keys: Keyspace,
    pairs: Sequence[tuple[bytes, bytes]],
    act: Callable[[BanAlerts, Sequence[int]], Awaitable[Sequence[T]]],
    now: float,
    seconds: int,
    seen: Mapping[Command, Any] | None = None,
) -> list[T]:
    """Lets ``act`` change pairs, given by digests of ban and alert, those of each ban in a step of its own.

    It gets their places in the batch, and returns a result for each; this function returns all in the batch's
    order. ``seen``: what :func:`first_reads` would read.
    """
    by_ban: dict[bytes, list[int]] = {}
    for at, (banned, _) in enumerate(pairs):
        by_ban.setdefault(banned, []).append(at)

    def job(banned: bytes, places: Sequence[int]) -> Job[Sequence[T]]:
        home = keys.home(banned)
        reads = [command(home, *parts) for parts in first_reads(banned, [pairs[at][1] for at in places])]
        return Job(home, lambda sight: act(BanAlerts(sight, banned, now, seconds), places), reads)

    found = await steps(keys, [job(banned, places) for banned, places in by_ban.items()], seen)
    results = {
        at: result
        for places, several in zip(by_ban.values(), found, strict=True)
        for at, result in zip(places, several, strict=True)
    }
    return [results[at] for at in range(len(pairs))]
