"""Waves in Redis: what new accounts note, who is in which wave, and what is owed, all in the first shard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, cast

import msgspec
import numpy as np

from samehand.elapsed import MINUTE_SECONDS
from samehand.keys import Key
from samehand.waves.keys import OTHERS_MIN, WINDOW_SECONDS, noted_keys
from samehand.waves.membership import COMPARED_MAX, MEMBERS_MAX, MEMBERS_MIN, REVISED_AT, covered, successor
from schemas.revisions import COUNTED_FROM
from schemas.waves import WaveReason
from store.base import Gathering, OwedWave, Place, Remembered, Wave, WaveMember
from store.common.key_digests import DIGEST_BYTES
from store.common.records import is_new, noting_keys
from store.limits import (
    RELAY_SECONDS,
    REMEMBERED_AT_ONCE,
    WAVE_ACCOUNTS_A_BUCKET,
    WAVE_BUCKET_ENTRIES,
    WAVE_NOTED,
    WAVE_QUIET_SECONDS,
    WAVES_KEPT_MAX,
    WAVES_OWED_AT_ONCE,
)
from store.redis.layout import Spread, places
from store.redis.shards import Shards

_FIRST: Final = 0
_MINUTES_MAX: Final = (1 << 24) - 1  # in the year 2051
_PRINT_BYTES: Final = 3
_WINDOW_MINUTES: Final = int(WINDOW_SECONDS // MINUTE_SECONDS)
# An entry counts for the window from its own minute on, and a bucket was kept from its first entry on.
_BUCKET_SECONDS: Final = int(2 * WINDOW_SECONDS)
_SIZES: Final = ",".join(map(str, REVISED_AT))


class NotedCompany(NamedTuple):
    """The wave of an account, and the digests of who came with it."""

    wave_id: str | None
    others: list[bytes]


NOT_NOTED: Final = NotedCompany(None, [])


class Waves:
    """Waves, and the values that new accounts note."""

    def __init__(self, shards: Shards, retention_seconds: float) -> None:
        self._shards = shards
        self._seconds = round(retention_seconds)
        buckets = max(1, shards.layout.sizes.remembered // WAVE_ACCOUNTS_A_BUCKET)
        self._spread = Spread(buckets, _PRINT_BYTES, 0)

    async def note(self, accounts: Sequence[Remembered], *, writes: bool = True) -> list[NotedCompany]:
        """Notes the values of new accounts, if it is to write; returns who came with each in the window."""
        company: list[NotedCompany] = []
        script = "wave_note" if writes else "wave_look"
        bounds = (_WINDOW_MINUTES, _BUCKET_SECONDS, WAVE_NOTED, WAVE_BUCKET_ENTRIES, OTHERS_MIN, COMPARED_MAX)
        for first in range(0, len(accounts), REMEMBERED_AT_ONCE):
            some = accounts[first : first + REMEMBERED_AT_ONCE]
            noted = [noted_keys(noting_keys(arrival)) if is_new(arrival) else [] for arrival in some]
            rows = self._rows([value.key for several in noted for value in several])
            groups = iter([bytes((value.group,)) for several in noted for value in several])
            parts: list[bytes | int] = []
            for account, several in zip(some, noted, strict=True):
                minute = min(max(0, int((account.seen_at - COUNTED_FROM) // MINUTE_SECONDS)), _MINUTES_MAX)
                own = b"".join(next(groups) + next(rows) for _ in several)
                parts += (self._shards.addresses.account(account.account).raw, minute, own)
            answer = await self._shards.script(script, _FIRST, *bounds, *parts)
            company += [
                NotedCompany(wave_id.decode() or None, _digests(others))
                for wave_id, others in zip(answer[::2], answer[1::2], strict=True)
            ]
        return company

    def _rows(self, keys: Sequence[Key]) -> Iterator[bytes]:
        """Bucket and print of each key, packed."""
        if not keys:
            return iter(())
        buckets, prints = places(self._shards.addresses.keys(keys), self._spread)
        table = np.empty((len(keys), 7), np.uint8)
        table[:, :4] = buckets.astype(">u4").view(np.uint8).reshape(-1, 4)
        table[:, 4:] = prints.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:]
        packed = table.tobytes()
        return (packed[at : at + 7] for at in range(0, len(packed), 7))

    def _packed(self, members: Iterable[WaveMember]) -> Iterator[bytes]:
        """The digest of each member, and what is kept of it."""
        for member in members:
            yield self._shards.addresses.account(member.account).raw
            yield msgspec.msgpack.encode(member)

    async def join(self, gathering: Gathering, now: float) -> str | None:
        """Lets accounts join a wave, in one step."""
        addresses = self._shards.addresses
        resembling = b"".join(addresses.account(account).raw for account in gathering.resembling)
        answer = await self._shards.script(
            "wave_join",
            _FIRST,
            repr(now),
            self._seconds,
            WAVE_QUIET_SECONDS,
            MEMBERS_MAX,
            MEMBERS_MIN,
            _SIZES,
            gathering.wave_id,
            repr(gathering.began_at),
            WAVES_KEPT_MAX,
            resembling,
            *self._packed(gathering.joining),
        )
        return answer.decode() or None

    async def leave(self, accounts: Sequence[str], reason: WaveReason, now: float) -> None:
        """Takes accounts out of their waves."""
        if accounts:
            digests = [self._shards.addresses.account(account).raw for account in accounts]
            quiet = WAVE_QUIET_SECONDS if reason == "no-longer-resembles" else 0
            out = _BUCKET_SECONDS if reason == "reinstated" else 0
            head = (repr(now), MEMBERS_MIN, reason, quiet, out)
            await self._shards.script("wave_leave", _FIRST, *head, *digests)

    async def mark(self, accounts: Sequence[str], now: float, *, banned: bool) -> None:
        """Marks members of waves as banned, or takes that back."""
        if accounts:
            digests = [self._shards.addresses.account(account).raw for account in accounts]
            await self._shards.script("wave_mark", _FIRST, repr(now), int(banned), *digests)

    async def ids(self, accounts: Sequence[str]) -> list[str | None]:
        """The open wave that each account is in."""
        return await self.of_digests([self._shards.addresses.account(account).raw for account in accounts])

    async def of_digests(self, digests: Sequence[bytes]) -> list[str | None]:
        """The same, by their digests."""
        answer = await self._shards.script("wave_ids", _FIRST, *digests) if digests else []
        return [raw.decode() or None for raw in answer]

    async def places(self, digests: Sequence[bytes]) -> list[Place | None]:
        """The place of each account in an open wave, by their digests."""
        answer = await self._shards.script("wave_members", _FIRST, *digests)
        rows = zip(*(answer[at::4] for at in range(4)), strict=True)
        return [
            Place(wave_id.decode(), float(began), int(size), _MEMBER.decode(kept)) if wave_id else None
            for wave_id, began, size, kept in rows
        ]

    async def read(self, wave_ids: Sequence[str]) -> list[Wave | None]:
        if not wave_ids:
            return []
        answer = await self._shards.script("wave_read", _FIRST, *wave_ids)
        return [_wave(wave_id, fields) for wave_id, fields in zip(wave_ids, answer, strict=True)]

    async def decide(self, wave_id: str, now: float, *, covers: int | None) -> None:
        """Withdraws a wave by a verdict, or takes that back."""
        head = (repr(now), self._seconds, WAVE_QUIET_SECONDS, MEMBERS_MAX, MEMBERS_MIN)
        await self._shards.script(
            "wave_decide", _FIRST, *head, wave_id, "" if covers is None else covers, successor(wave_id)
        )

    async def owed(self, holder: str, now: float) -> list[OwedWave]:
        """Waves to be published now."""
        answer = await self._shards.script(
            "waves_owed", _FIRST, repr(now), holder, RELAY_SECONDS, WAVES_OWED_AT_ONCE, WAVE_QUIET_SECONDS
        )
        ids = [raw.decode() for raw in answer[::2]]
        return [
            OwedWave(wave_id, _wave(wave_id, fields))
            for wave_id, fields in zip(ids, answer[1::2], strict=True)
        ]

    async def settle(self, published: Sequence[OwedWave]) -> None:
        """Forgets that these waves are owed."""
        if published:
            parts = [part for owed in published for part in (owed.wave_id, owed.revision)]
            await self._shards.script("waves_settle", _FIRST, self._seconds, *parts)

    async def recall(self, waves: Sequence[Wave], now: float) -> int:
        """Takes back waves that the store has lost; returns how many."""
        recalled = 0
        for wave in waves:
            recalled += await self._shards.script(
                "wave_recall",
                _FIRST,
                repr(now),
                self._seconds,
                covered(len(wave.members)),
                successor(wave.wave_id),
                wave.wave_id,
                wave.revision,
                repr(wave.began_at),
                repr(wave.changed_at),
                wave.withdrawn or "open",
                wave.merged_into or "",
                WAVE_QUIET_SECONDS,
                MEMBERS_MAX,
                *self._packed(wave.members),
            )
        return recalled


def _digests(packed: bytes) -> list[bytes]:
    return [packed[at : at + DIGEST_BYTES] for at in range(0, len(packed), DIGEST_BYTES)]


_MEMBER: Final = msgspec.msgpack.Decoder(WaveMember)


def _wave(wave_id: str, answer: Sequence[bytes] | Mapping[bytes, bytes]) -> Wave | None:
    """Reads a wave's fields; ``None`` where it has none."""
    pairs = answer if isinstance(answer, Mapping) else dict(zip(answer[::2], answer[1::2], strict=True))
    if not pairs:
        return None
    members = [_MEMBER.decode(kept) for name, kept in pairs.items() if name[:1] == b"M"]
    status = pairs[b"s"].decode()
    return Wave(
        wave_id=wave_id,
        revision=int(pairs[b"r"]),
        began_at=float(pairs[b"b"]),
        changed_at=float(pairs[b"at"]),
        members=tuple(sorted(members, key=lambda member: (member.seen_at, member.account))),
        withdrawn=None if status == "open" else cast(WaveReason, status),
        merged_into=pairs.get(b"m", b"").decode() or None,
    )
