"""Lets new accounts join waves, and says which waves are owed to consumers, and when.

All waves have one home: accounts come from everywhere, and one step must see all of a wave. `v:` is a wave,
`vm:` the wave that an account is in, or until when it joins none. `vo` has since when waves are owed, `vx`
until when they are kept. A wave that a verdict withdrew keeps its members, and takes newcomers silently
until it has more of them than the verdict covers: then they all are a new wave.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar, cast

import msgspec

from samehand.waves.keys import OTHERS_MIN, WINDOW_SECONDS
from samehand.waves.membership import MEMBERS_MAX, MEMBERS_MIN, covered, nearest, revision_due, successor
from schemas.revisions import next_revision
from schemas.waves import WaveReason
from store.base import Company, Gathering, OwedWave, Place, Remembered, Wave, WaveMember
from store.limits import WAVE_QUIET_SECONDS, WAVES_KEPT_MAX, WAVES_OWED_AT_ONCE
from store.rules.keyspace import Keyspace, Sight, command, step, values
from store.rules.outbox import relays

HOME: Final = 0
T = TypeVar("T")
_OUT_SECONDS: Final = int(2 * WINDOW_SECONDS)  # a value that was noted then is met no more


class StoredWave(msgspec.Struct, array_like=True, frozen=True):
    """A wave; ``peak``: the most members that it was published for; ``covers``: how many of them a verdict
    covers.
    """

    wave_id: str
    revision: int
    began_at: float
    changed_at: float
    members: tuple[WaveMember, ...]
    withdrawn: WaveReason | None = None
    merged_into: str | None = None
    peak: int = 0
    covers: int = 0

    @property
    def wave(self) -> Wave:
        members = tuple(sorted(self.members, key=lambda member: (member.seen_at, member.account)))
        return Wave(
            wave_id=self.wave_id,
            revision=self.revision,
            began_at=self.began_at,
            changed_at=self.changed_at,
            members=members,
            withdrawn=self.withdrawn,
            merged_into=self.merged_into,
        )


class Membership(msgspec.Struct, array_like=True, frozen=True):
    """The wave of an account, or until when (Unix seconds) it joins none."""

    wave_id: str = ""
    out_until: float = 0.0


_WAVE: Final = msgspec.msgpack.Decoder(StoredWave)
_MEMBERSHIP: Final = msgspec.msgpack.Decoder(Membership)


class WaveStep:
    """The waves of one step, and who is in which."""

    def __init__(self, sight: Sight, now: float, retention_seconds: float) -> None:
        self._sight = sight
        self._now = now
        self._retention_seconds = retention_seconds
        self._waves: dict[str, StoredWave | None] = {}
        self._of: dict[str, Membership | None] = {}
        self._kept = 0
        self._oldest: list[bytes] = []

    async def load(self, accounts: Iterable[str], wave_ids: Iterable[str] = ()) -> None:
        """Reads the waves of accounts, those with the given ids, and where all their members are."""
        self._kept, self._oldest = await self._sight.ask(("ZCARD", "vx"), ("ZRANGE", "vx", 0, 0))
        await self._load_memberships(accounts)
        ids = dict.fromkeys([*wave_ids, *(it.wave_id for it in self._of.values() if it and it.wave_id)])
        await self._load_waves(ids)
        await self._load_waves([successor(wave.wave_id) for wave in self._waves.values() if wave])
        await self._load_memberships(
            member.account for wave in self._waves.values() if wave for member in wave.members
        )

    async def _load_waves(self, wave_ids: Iterable[str]) -> None:
        missing = [wave_id for wave_id in wave_ids if wave_id not in self._waves]
        names = [f"v:{wave_id}" for wave_id in missing]
        self._waves |= zip(missing, await self._sight.get(names, _WAVE), strict=True)

    async def _load_memberships(self, accounts: Iterable[str]) -> None:
        missing = [account for account in dict.fromkeys(accounts) if account not in self._of]
        names = [self._name(account) for account in missing]
        self._of |= zip(missing, await self._sight.get(names, _MEMBERSHIP), strict=True)

    def _name(self, account: str) -> str:
        return f"vm:{self._sight.addresses.account(account).raw.hex()}"

    def _known(self, wave_id: str) -> StoredWave:
        return cast(StoredWave, self._waves[wave_id])

    def _put(self, wave: StoredWave) -> StoredWave:
        self._waves[wave.wave_id] = wave
        self._sight.put(f"v:{wave.wave_id}", wave)
        return wave

    def _move(self, account: str, membership: Membership | None, seconds: int | None = None) -> None:
        if self._of.get(account) != membership:
            self._of[account] = membership
            self._sight.put(self._name(account), membership, seconds)

    def _stays_out(self, account: str) -> bool:
        membership = self._of.get(account)
        return membership is not None and membership.out_until > self._now

    def wave_of(self, account: str, status: WaveReason | None = None) -> StoredWave | None:
        """The wave that an account is in, if it is open, or was withdrawn for this reason."""
        membership = self._of.get(account)
        wave = self._waves.get(membership.wave_id) if membership else None
        return wave if wave is not None and wave.withdrawn == status else None

    def join(self, gathering: Gathering) -> str | None:
        """Lets accounts join a wave."""
        near, votes = self._near(gathering.resembling, None)
        dismissed, votes_there = self._near(gathering.resembling, "verdict")
        if votes < OTHERS_MIN <= votes_there:
            self._add(dismissed[0], [it for it in gathering.joining if not self._is_somewhere(it.account)])
            return self._raise_anew(dismissed[0])
        wave = self._known(near[0]) if near else self._founded(gathering)
        if wave is None:
            return None
        before, merged = len(wave.members), False
        for other in near[1:]:
            # Else a full one would swallow others, of which nobody would hear.
            if len(self._known(wave.wave_id).members) + len(self._known(other).members) <= MEMBERS_MAX:
                merged = True
                self._merge(other, wave.wave_id)
        self._add(wave.wave_id, [it for it in gathering.joining if self.wave_of(it.account) is None])
        wave = self._known(wave.wave_id)
        if len(wave.members) == before and not merged:
            return wave.wave_id
        peak = max(before, wave.peak)  # whoever leaves and comes again does not publish it again
        at_once = merged or revision_due(peak, len(wave.members))
        self._put(msgspec.structs.replace(wave, peak=max(peak, len(wave.members))))
        self._keep(wave.wave_id)
        self._owe(wave.wave_id, 0 if at_once else WAVE_QUIET_SECONDS)
        return wave.wave_id

    def _near(self, resembling: Sequence[str], status: WaveReason | None) -> tuple[list[str], int]:
        """The nearest waves of a status, and how many of its accounts the first of them has."""
        votes = Counter(wave.wave_id for it in resembling if (wave := self.wave_of(it, status)))
        near = nearest(votes, lambda wave_id: self._known(wave_id).began_at)
        return near, votes[near[0]] if near else 0

    def _is_somewhere(self, account: str) -> bool:
        return self.wave_of(account) is not None or self.wave_of(account, "verdict") is not None

    def _founded(self, gathering: Gathering) -> StoredWave | None:
        there = self._waves.get(gathering.wave_id)
        many = sum(not self._stays_out(member.account) for member in gathering.joining)
        if many < MEMBERS_MIN or (there and there.withdrawn in (None, "verdict")):
            return None
        if self._kept >= WAVES_KEPT_MAX:
            # The wave that changed longest ago makes room: it is forgotten with the next that are owed.
            self._sight.run("ZADD", "vx", repr(self._now), *self._oldest)
        revision = there.revision if there else 0
        return self._put(StoredWave(gathering.wave_id, revision, gathering.began_at, self._now, ()))

    def _raise_anew(self, wave_id: str) -> str:
        """Puts a dismissed wave that has more members than the verdict covers into a new one."""
        wave, anew = self._known(wave_id), successor(wave_id)
        there = self._waves.get(anew)
        if len(wave.members) <= wave.covers or (there and there.withdrawn in (None, "verdict")):
            return wave_id
        revision = there.revision if there else 0
        self._put(StoredWave(anew, revision, wave.began_at, self._now, (), peak=len(wave.members)))
        self._merge(wave_id, anew)
        self._keep(anew)
        self._owe(anew)
        return anew

    def _merge(self, wave_id: str, older: str) -> None:
        wave = self._known(wave_id)
        self._put(msgspec.structs.replace(wave, merged_into=older))
        self._withdraw(wave_id, "merged")
        self._add(older, wave.members)

    def _add(self, wave_id: str, members: Sequence[WaveMember]) -> None:
        wave = self._known(wave_id)
        there = {member.account for member in wave.members}
        joining = [member for member in members if not self._stays_out(member.account)]
        added = [member for member in joining if member.account not in there][: MEMBERS_MAX - len(there)]
        for newcomer in added:
            former = self.wave_of(newcomer.account, "verdict")
            if former is not None and former.wave_id != wave_id:
                self._put(_without(former, newcomer.account))
                self._owe(former.wave_id, WAVE_QUIET_SECONDS)
        self._put(msgspec.structs.replace(wave, members=(*wave.members, *added)))
        inside = there.union(member.account for member in added)
        for member in joining:
            if member.account in inside:
                self._move(member.account, Membership(wave_id))

    def _keep(self, wave_id: str) -> None:
        self._sight.run("ZADD", "vx", repr(self._now + self._retention_seconds), wave_id.encode())

    def _owe(self, wave_id: str, wait_seconds: float = 0.0) -> None:
        """Owes a changed wave in so many seconds, unless it is owed before."""
        wave = self._known(wave_id)
        revision = next_revision(wave.revision, self._now)
        self._put(msgspec.structs.replace(wave, revision=revision, changed_at=self._now))
        # At once is before every moment: a clock that is ahead would leave it due when a small change is.
        due = self._now + wait_seconds if wait_seconds else 0.0
        self._sight.run("ZADD", "vo", "LT", repr(due), wave_id.encode())

    def _withdraw(self, wave_id: str, reason: WaveReason) -> None:
        wave = self._known(wave_id)
        if reason != "verdict":
            self._let_go(wave)
            wave = msgspec.structs.replace(wave, members=())
        self._put(msgspec.structs.replace(wave, withdrawn=reason))
        self._owe(wave_id)

    def _let_go(self, wave: StoredWave) -> None:
        for member in wave.members:
            membership = self._of.get(member.account)
            if membership is not None and membership.wave_id == wave.wave_id:
                self._move(member.account, None)

    def leave(self, account: str, reason: WaveReason) -> None:
        """Takes an account out of its wave."""
        membership = self._of.get(account)
        wave = self._waves.get(membership.wave_id) if membership else None
        if reason == "reinstated":
            self._move(account, Membership(out_until=self._now + _OUT_SECONDS), _OUT_SECONDS)
        elif wave is not None:
            self._move(account, None)
        left = wave and _without(wave, account)
        if wave is None or left is None or len(left.members) == len(wave.members):
            return
        self._put(left)
        if len(left.members) < MEMBERS_MIN and wave.withdrawn is None:
            self._withdraw(wave.wave_id, reason)
        else:
            self._owe(wave.wave_id, WAVE_QUIET_SECONDS if reason == "no-longer-resembles" else 0)

    def mark(self, account: str, *, banned: bool) -> None:
        """Marks a member of a wave as banned, or takes that back."""
        membership = self._of.get(account)
        wave = self._waves.get(membership.wave_id) if membership else None
        members = tuple(
            it._replace(banned=banned) if it.account == account else it
            for it in (wave.members if wave else ())
        )
        if wave is not None and members != wave.members:
            self._put(msgspec.structs.replace(wave, members=members))
            self._owe(wave.wave_id)

    def decide(self, wave_id: str, covers: int | None) -> None:
        """Withdraws a wave by a verdict, or takes that back."""
        wave = self._waves.get(wave_id)
        if wave is None or wave.withdrawn != ("verdict" if covers is None else None):
            return
        if covers is not None:
            self._put(msgspec.structs.replace(wave, covers=covers))
            self._withdraw(wave_id, "verdict")
            self._raise_anew(wave_id)
        elif len(wave.members) >= MEMBERS_MIN:
            self._put(msgspec.structs.replace(wave, withdrawn=None))
            self._owe(wave_id)

    def forget(self, wave_id: str) -> None:
        """Forgets a wave whose time is over: that is owed."""
        if (wave := self._waves.get(wave_id)) is not None:
            self._let_go(wave)
        self._sight.put(f"v:{wave_id}", None)
        self._sight.run("ZREM", "vx", wave_id.encode())
        self._sight.run("ZADD", "vo", repr(self._now), wave_id.encode())

    def recall(self, wave: Wave) -> bool:
        """Takes back a lost wave, unless the store knows it under that revision or a later one."""
        known = self._waves.get(wave.wave_id)
        if known is not None and known.revision >= wave.revision:
            return False
        if known is not None:
            self._let_go(known)
        size = len(wave.members)
        taken = StoredWave(
            wave.wave_id,
            wave.revision,
            wave.began_at,
            wave.changed_at,
            wave.members,
            wave.withdrawn,
            wave.merged_into,
            peak=size,
            covers=covered(size),
        )
        self._put(taken)
        several = {wave.wave_id}
        for member in wave.members:
            if (other := self.wave_of(member.account)) is not None:
                several.add(other.wave_id)
            elif not self._stays_out(member.account):
                self._move(member.account, Membership(wave.wave_id))
        self._sight.run("ZREM", "vo", wave.wave_id.encode())
        self._keep(wave.wave_id)
        if wave.withdrawn is None and len(several) > 1:  # its accounts may have founded another meanwhile
            oldest, *others = sorted(several, key=lambda it: (self._known(it).began_at, it))
            for other_id in others:
                self._merge(other_id, oldest)
            self._owe(oldest)
        return True


class Waves:
    """Opens, joins and ends waves, by steps that may be repeated."""

    def __init__(self, keys: Keyspace, retention_seconds: float) -> None:
        self._keys = keys
        self._retention_seconds = retention_seconds

    async def _change(
        self,
        act: Callable[[WaveStep], T],
        now: float,
        accounts: Sequence[str] = (),
        wave_ids: Sequence[str] = (),
    ) -> T:
        async def changed(sight: Sight) -> T:
            waves = WaveStep(sight, now, self._retention_seconds)
            await waves.load(accounts, wave_ids)
            return act(waves)

        return await step(self._keys, HOME, changed)

    async def join(self, gathering: Gathering, now: float) -> str | None:
        accounts = [*(member.account for member in gathering.joining), *gathering.resembling]
        return await self._change(lambda waves: waves.join(gathering), now, accounts, [gathering.wave_id])

    async def leave(self, accounts: Sequence[str], reason: WaveReason, now: float) -> None:
        """Takes accounts out of their waves."""

        def leave(waves: WaveStep) -> None:
            for account in accounts:
                waves.leave(account, reason)

        await self._change(leave, now, accounts)

    async def mark(self, accounts: Sequence[str], now: float, *, banned: bool) -> None:
        """Marks members of waves as banned, or takes that back."""

        def mark(waves: WaveStep) -> None:
            for account in accounts:
                waves.mark(account, banned=banned)

        await self._change(mark, now, accounts)

    async def decide(self, wave_id: str, now: float, *, covers: int | None) -> None:
        """Withdraws a wave by a verdict, or takes that back."""
        await self._change(lambda waves: waves.decide(wave_id, covers), now, wave_ids=[wave_id])

    async def recall(self, waves: Sequence[Wave], now: float) -> int:
        """Takes back waves that the store has lost; returns how many."""
        return sum([await self._recall(wave, now) for wave in waves])

    async def _recall(self, wave: Wave, now: float) -> bool:
        accounts = [member.account for member in wave.members]
        return await self._change(lambda waves: waves.recall(wave), now, accounts, [wave.wave_id])

    async def read(self, wave_ids: Sequence[str]) -> list[Wave | None]:
        stored = await values(self._keys, [command(HOME, "GET", f"v:{it}") for it in wave_ids], _WAVE)
        return [wave.wave if wave else None for wave in stored]

    async def of_digests(self, digests: Sequence[bytes]) -> list[Wave | None]:
        """The open wave that each account is in, by its digest."""
        names = [command(HOME, "GET", f"vm:{digest.hex()}") for digest in digests]
        memberships = await values(self._keys, names, _MEMBERSHIP)
        ids = list(dict.fromkeys(it.wave_id for it in memberships if it and it.wave_id))
        waves = dict(zip(ids, await self.read(ids), strict=True))
        found = [waves.get(it.wave_id) if it else None for it in memberships]
        return [wave if wave and wave.withdrawn is None else None for wave in found]

    async def of(self, accounts: Sequence[str]) -> list[Wave | None]:
        """The open wave that each account is in."""
        return await self.of_digests([self._keys.addresses.account(it).raw for it in accounts])

    async def owed(self, holder: str, now: float) -> list[OwedWave]:
        """Waves to be published now, the longest owed first."""
        owed, kept = await self._keys.ask([command(HOME, "ZCARD", name) for name in ("vo", "vx")])
        if not (owed or kept) or not await relays(self._keys, HOME, "vr", holder):
            return []
        most = ("LIMIT", 0, WAVES_OWED_AT_ONCE)
        (over,) = await self._keys.ask([command(HOME, "ZRANGEBYSCORE", "vx", "-inf", repr(now), *most)])
        for raw in over:
            await self._forget(raw.decode(), now)
        # What is due later than any change waits was written by a clock that is ahead.
        ahead = f"({now + WAVE_QUIET_SECONDS!r}"
        due, wrong = await self._keys.ask(
            [
                command(HOME, "ZRANGEBYSCORE", "vo", "-inf", repr(now), *most),
                command(HOME, "ZRANGEBYSCORE", "vo", ahead, "+inf", *most),
            ]
        )
        ids = [raw.decode() for raw in (*due, *wrong)][:WAVES_OWED_AT_ONCE]
        return list(map(OwedWave, ids, await self.read(ids)))

    async def _forget(self, wave_id: str, now: float) -> None:
        await self._change(lambda waves: waves.forget(wave_id), now, wave_ids=[wave_id])

    async def settle(self, published: Sequence[OwedWave]) -> None:
        """Forgets that these waves are owed; one that has changed since stays owed."""

        async def act(sight: Sight) -> None:
            known = await sight.get([f"v:{owed.wave_id}" for owed in published], _WAVE)
            for owed, wave in zip(published, known, strict=True):
                if (wave.revision if wave else 0) == owed.revision:
                    sight.run("ZREM", "vo", owed.wave_id.encode())

        await step(self._keys, HOME, act)


def company_of(account: Remembered, wave: Wave | None) -> Company:
    """An account that would come with another, and its place in its open wave."""
    if wave is None:
        return Company(account, None)
    (own,) = [member for member in wave.members if member.account == account.account]
    return Company(account, Place(wave.wave_id, wave.began_at, len(wave.members), own))


def _without(wave: StoredWave, account: str) -> StoredWave:
    left = tuple(member for member in wave.members if member.account != account)
    return msgspec.structs.replace(wave, members=left)
