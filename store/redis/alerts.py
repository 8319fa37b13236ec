"""Pairs in Redis: what was proposed, published, withdrawn and silenced.

A pair's marker and its open alert lie with the banned account, so that ruling and ban are seen in one
atomic step, and an alert ends in the very step in which its ban does (outbox.py). Under the alert's own
shard lie its whereabouts and, once a moderator said so, its silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import msgspec

from store.addresses import Digest
from store.base import Claim, OpenAlert, Proposal, Ruled, Ruling
from store.limits import CLAIM_SECONDS, MARKER_SECONDS, OPEN_ALERTS_A_BAN
from store.redis.link import together
from store.redis.shards import Shards
from store.rulings import band_rank


class _Words(msgspec.Struct, array_like=True, frozen=True):
    alert_id: str
    account: str
    banned: str
    band: str
    payload: bytes


class Alerts:
    """The state of pairs over all shards."""

    def __init__(self, shards: Shards) -> None:
        """Takes the shards."""
        self._shards = shards

    async def propose(self, proposals: Sequence[Proposal], now: float) -> list[Ruled]:
        """Rules on each and notes it as open."""
        rulings = await self._beforehand(proposals, now)
        left = [at for at, ruling in enumerate(rulings) if ruling is None]
        banned = [self._shards.addresses.account(proposals[at].banned) for at in left]
        items = [
            (
                digest.raw,
                self._shards.addresses.alert(proposals[at].alert_id).raw,
                band_rank(proposals[at].band),
                self._shards.addresses.claim(proposals[at].claimant).hex(),
                int(proposals[at].again_only),
                _packed(proposals[at]),
            )
            for at, digest in zip(left, banned, strict=True)
        ]
        maps = self._shards.layout.bans.maps
        head = (repr(now), MARKER_SECONDS, maps, OPEN_ALERTS_A_BAN, CLAIM_SECONDS)
        answers = await self._shards.ask("propose", banned, head, items, 2)
        for at, (word, revision) in zip(left, answers, strict=True):
            rulings[at] = Ruled(Ruling(word.decode()), revision)
        return [ruling for ruling in rulings if ruling is not None]

    async def _beforehand(self, proposals: Sequence[Proposal], now: float) -> list[Ruled | None]:
        """What is silenced or banned itself; of the rest, notes first where the pair will lie."""
        addresses = self._shards.addresses
        alerts = [addresses.alert(one.alert_id) for one in proposals]
        accounts = [addresses.account(one.account) for one in proposals]
        banned = [addresses.account(one.banned).raw for one in proposals]
        quiet, gone = await together(
            [
                self._shards.ask(
                    "pair_check",
                    alerts,
                    (MARKER_SECONDS,),
                    [(alert.raw, other) for alert, other in zip(alerts, banned, strict=True)],
                ),
                self._shards.ask(
                    "banned",
                    accounts,
                    (repr(now), self._shards.layout.bans.maps),
                    [(account.raw,) for account in accounts],
                ),
            ]
        )
        return [
            Ruled(Ruling.SUPPRESSED, 0)
            if silent[0]
            else Ruled(Ruling.ACCOUNT_BANNED, 0)
            if itself[0]
            else None
            for silent, itself in zip(quiet, gone, strict=True)
        ]

    async def confirm(self, published: Sequence[Claim], now: float) -> list[Claim]:
        """Notes alerts as published; answers those whose claim still stands."""
        addresses = self._shards.addresses
        banned = [addresses.account(one.banned) for one in published]
        items = [
            (addresses.alert(one.alert_id).raw, addresses.claim(one.claimant).hex(), one.revision)
            for one in published
        ]
        found = await self._shards.ask("confirm", banned, (repr(now), MARKER_SECONDS), items)
        return [one for one, (stands,) in zip(published, found, strict=True) if stands]

    async def open(self, banned: Sequence[str]) -> list[list[OpenAlert]]:
        """The open alerts on bans, by alert id."""
        digests = [self._shards.addresses.account(account) for account in banned]
        found: list[list[OpenAlert]] = [[] for _ in banned]
        items = [(digest.raw,) for digest in digests]
        for _, places, answer in await self._shards.scatter("open_alerts", digests, (), items):
            rest = iter(answer)
            for at in places:
                several = [_read(raw) for raw in islice(rest, next(rest))]
                found[at] = sorted(several, key=lambda alert: alert.alert_id)
        return found

    async def suppress(self, alert_ids: Sequence[str]) -> None:
        """Silences pairs for good. One a moderator's decision, so there is no cap and no expiry."""
        digests = [self._shards.addresses.alert(alert) for alert in alert_ids]
        await together([self._shards.link.command("SET", self._key("n", digest), "1") for digest in digests])

    async def by_id(self, alert_ids: Sequence[str]) -> list[OpenAlert | None]:
        """Open alerts by their ids."""
        digests = [self._shards.addresses.alert(alert) for alert in alert_ids]
        where = await together([self._shards.link.command("GET", self._key("l", one)) for one in digests])
        known = [at for at, raw in enumerate(where) if raw]
        banned = [Digest(where[at]) for at in known]
        items = [(one.raw, digests[at].raw) for one, at in zip(banned, known, strict=True)]
        found: list[OpenAlert | None] = [None] * len(alert_ids)
        for at, (raw,) in zip(known, await self._shards.ask("pairs", banned, (), items), strict=True):
            found[at] = _read(raw) if raw else None
        return found

    def _key(self, kind: str, digest: Digest) -> str:
        return f"{self._shards.root(self._shards.of(digest))}{kind}:{digest.raw.hex()}"


def _packed(proposal: Proposal) -> bytes:
    return msgspec.msgpack.encode(
        _Words(proposal.alert_id, proposal.account, proposal.banned, proposal.band, proposal.payload)
    )


def _read(raw: bytes) -> OpenAlert:
    return read_open(raw[4:], int.from_bytes(raw[:4], "big"))


def read_open(words: bytes, revision: int) -> OpenAlert:
    """An alert as it was last told, under that revision."""
    read = msgspec.msgpack.decode(words, type=_Words)
    return OpenAlert(read.alert_id, read.account, read.banned, read.band, revision, read.payload)
