"""Waves, the reference implementation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from samehand.elapsed import MINUTE_SECONDS
from samehand.keys import Key
from samehand.waves.keys import NETWORK, OTHERS_MIN, WINDOW_SECONDS, noted_keys
from samehand.waves.membership import (
    COMPARED_MAX,
    MEMBERS_MAX,
    MEMBERS_MIN,
    covered,
    nearest,
    revision_due,
    successor,
)
from schemas.revisions import next_revision
from schemas.waves import WaveReason
from store.base import Gathering, OwedWave, Place, Remembered, Wave, WaveMember
from store.common.key_digests import Addresses
from store.common.records import is_new, noting_keys
from store.limits import RELAY_SECONDS, WAVE_NOTED, WAVE_QUIET_SECONDS, WAVES_KEPT_MAX, WAVES_OWED_AT_ONCE


@dataclass(slots=True)
class WavesInMemory:
    """What new accounts note, who is in which wave, and what is owed."""

    addresses: Addresses
    retention_seconds: float
    noted: dict[Key, dict[str, int]] = field(default_factory=dict)  # accounts, with their minutes
    known: dict[str, Wave] = field(default_factory=dict)
    of: dict[str, str] = field(default_factory=dict)  # the wave of an account
    covered: dict[str, int] = field(default_factory=dict)  # members of a dismissed wave, at most
    out: dict[str, float] = field(default_factory=dict)  # accounts that stay out, until when
    peak: dict[str, int] = field(default_factory=dict)  # the most members that a wave was published for
    due: dict[str, float] = field(default_factory=dict)
    kept: dict[str, float] = field(default_factory=dict)  # until when
    relay: tuple[str, float] = ("", 0.0)
    swept_at: float = 0.0

    def note(self, account: Remembered, *, writes: bool = True) -> tuple[str | None, list[str]]:
        """The account's wave, then who came with it."""
        minute, groups = int(account.seen_at // MINUTE_SECONDS), dict[str, set[int]]()
        window = int(WINDOW_SECONDS // MINUTE_SECONDS)
        for key, group in noted_keys(noting_keys(account)) if is_new(account) else ():
            held = self.noted.get(key, {})
            here = {other for other, at in held.items() if abs(at - minute) <= window} - {account.account}
            if writes:
                held = self.noted[key] = {other: at for other, at in held.items() if at + window >= minute}
                if account.account not in held and len(held) >= WAVE_NOTED:
                    del held[next(iter(held))]
                held.setdefault(account.account, minute)
            if group == NETWORK:
                here &= groups.keys()
            for other in here:
                groups.setdefault(other, set()).add(group)
        company = [other for other, several in groups.items() if len(several) >= 2]
        company.sort(key=lambda other: (-len(groups[other]), self.addresses.account(other).raw))
        if len(company) < OTHERS_MIN:
            return self.wave_of(account.account), []
        return self.wave_of(account.account), company[:COMPARED_MAX]

    def sweep(self, now: float) -> None:
        """Drops what no account can meet any more, once a window."""
        if now < self.swept_at + WINDOW_SECONDS:
            return
        self.swept_at, ended = now, int((now - 2 * WINDOW_SECONDS) // MINUTE_SECONDS)
        self.noted = {
            key: kept
            for key, held in self.noted.items()
            if (kept := {account: at for account, at in held.items() if at >= ended})
        }
        self.out = {account: until for account, until in self.out.items() if until > now}

    def wave_of(self, account: str, status: WaveReason | None = None) -> str | None:
        """The wave that an account is in, if it is open, or was withdrawn for this reason."""
        wave = self.known.get(self.of.get(account, ""))
        return wave.wave_id if wave and wave.withdrawn == status else None

    def place(self, account: str) -> Place | None:
        """The account's place in an open wave."""
        wave = self.known.get(self.wave_of(account) or "")
        if wave is None:
            return None
        (own,) = [member for member in wave.members if member.account == account]
        return Place(wave.wave_id, wave.began_at, len(wave.members), own)

    def join(self, gathering: Gathering, now: float) -> str | None:
        """Lets accounts join a wave."""
        near, votes = self._near(gathering.resembling, None)
        dismissed, votes_there = self._near(gathering.resembling, "verdict")
        if votes < OTHERS_MIN <= votes_there:
            return self._grow(dismissed[0], gathering.joining, now)
        chosen = near[0] if near else None
        wave = self.known.get(chosen or gathering.wave_id)
        if chosen is None:
            taken = wave is not None and wave.withdrawn in (None, "verdict")
            many = sum(self.out.get(member.account, 0.0) <= now for member in gathering.joining)
            if many < MEMBERS_MIN or taken:
                return None
            if len(self.kept) >= WAVES_KEPT_MAX:
                self.kept[min(self.kept, key=lambda wave_id: self.kept[wave_id])] = now
            self.peak.pop(gathering.wave_id, None)
            revision = wave.revision if wave else 0
            wave = Wave(
                wave_id=gathering.wave_id,
                revision=revision,
                began_at=gathering.began_at,
                changed_at=now,
                members=(),
            )
        assert wave is not None
        self.known[wave.wave_id] = wave
        before = len(wave.members)
        merged = False
        for other in near[1:]:
            if len(self.known[wave.wave_id].members) + len(self.known[other].members) <= MEMBERS_MAX:
                merged = True
                self._merge(other, wave.wave_id, now)
        joining = [member for member in gathering.joining if self.wave_of(member.account) is None]
        self._add(wave.wave_id, joining, now)
        wave = self.known[wave.wave_id]
        if len(wave.members) == before and not merged:
            return wave.wave_id
        self.kept[wave.wave_id] = now + self.retention_seconds
        peak = max(before, self.peak.get(wave.wave_id, 0))
        at_once = merged or revision_due(peak, len(wave.members))
        self.peak[wave.wave_id] = max(peak, len(wave.members))
        self._owe(wave.wave_id, now, now if at_once else now + WAVE_QUIET_SECONDS)
        return wave.wave_id

    def _near(self, resembling: Sequence[str], status: WaveReason | None) -> tuple[list[str], int]:
        """The nearest waves of a status, and how many of its accounts the first of them has."""
        votes = Counter(vote for account in resembling if (vote := self.wave_of(account, status)))
        near = nearest(votes, lambda wave_id: self.known[wave_id].began_at)
        return near, votes[near[0]] if near else 0

    def _grow(self, wave_id: str, joining: Sequence[WaveMember], now: float) -> str:
        """Lets accounts that are in no wave join a dismissed one; returns the wave that they are in then."""
        places = {member.account: self.known.get(self.of.get(member.account, "")) for member in joining}
        self._add(wave_id, [member for member in joining if places[member.account] is None], now)
        return self._raise_anew(wave_id, now)

    def _raise_anew(self, wave_id: str, now: float) -> str:
        wave, anew = self.known[wave_id], successor(wave_id)
        there = self.known.get(anew)
        if len(wave.members) <= self.covered[wave_id] or (there and there.withdrawn in (None, "verdict")):
            return wave_id
        revision = there.revision if there else 0
        self.known[anew] = replace(wave, wave_id=anew, revision=revision, members=(), withdrawn=None)
        self._merge(wave_id, anew, now)
        self.peak[anew] = len(wave.members)
        self.kept[anew] = now + self.retention_seconds
        self._owe(anew, now, now)
        return anew

    def _merge(self, wave_id: str, older: str, now: float) -> None:
        members = self.known[wave_id].members
        self.known[wave_id] = replace(self.known[wave_id], merged_into=older)
        self._withdraw(wave_id, "merged", now)
        self._add(older, members, now)

    def _add(self, wave_id: str, members: Sequence[WaveMember], now: float) -> None:
        wave = self.known[wave_id]
        there = {member.account for member in wave.members}
        joining = [member for member in members if self.out.get(member.account, 0.0) <= now]
        added = [member for member in joining if member.account not in there][: MEMBERS_MAX - len(there)]
        for newcomer in added:
            former = self.known.get(self.of.get(newcomer.account, ""))
            if former is not None and former.wave_id != wave_id:  # a verdict withdrew it
                others = tuple(member for member in former.members if member.account != newcomer.account)
                self.known[former.wave_id] = replace(former, members=others)
                self._owe(former.wave_id, now, now + WAVE_QUIET_SECONDS)
        every = sorted((*wave.members, *added), key=lambda member: (member.seen_at, member.account))
        self.known[wave_id] = replace(wave, members=tuple(every))
        inside = there.union(member.account for member in added)
        self.of.update((member.account, wave_id) for member in joining if member.account in inside)

    def _owe(self, wave_id: str, now: float, due: float) -> None:
        wave = self.known[wave_id]
        self.known[wave_id] = replace(wave, revision=next_revision(wave.revision, now), changed_at=now)
        self.due[wave_id] = min(due, self.due.get(wave_id, due))

    def _withdraw(self, wave_id: str, reason: WaveReason, now: float) -> None:
        wave = self.known[wave_id]
        if reason != "verdict":
            self._let_go(wave)
            wave = replace(wave, members=())
        self.known[wave_id] = replace(wave, withdrawn=reason)
        self._owe(wave_id, now, now)

    def _let_go(self, wave: Wave) -> None:
        for member in wave.members:
            if self.of.get(member.account) == wave.wave_id:
                del self.of[member.account]

    def leave(self, accounts: Sequence[str], reason: WaveReason, now: float) -> None:
        """Takes accounts out of their waves."""
        quiet = WAVE_QUIET_SECONDS if reason == "no-longer-resembles" else 0.0
        for account in accounts:
            if reason == "reinstated":
                self.out[account] = now + 2 * WINDOW_SECONDS
            wave = self.known.get(self.of.pop(account, ""))
            left = [member for member in wave.members if member.account != account] if wave else []
            if wave is None or len(left) == len(wave.members):
                continue
            self.known[wave.wave_id] = replace(wave, members=tuple(left))
            if len(left) < MEMBERS_MIN and wave.withdrawn is None:
                self._withdraw(wave.wave_id, reason, now)
            else:
                self._owe(wave.wave_id, now, now + quiet)

    def mark(self, accounts: Sequence[str], now: float, *, banned: bool) -> None:
        """Marks members of waves as banned, or takes that back."""
        for account in accounts:
            wave = self.known.get(self.of.get(account, ""))
            marked = [
                member._replace(banned=banned) if member.account == account else member
                for member in (wave.members if wave else ())
            ]
            if wave is not None and tuple(marked) != wave.members:
                self.known[wave.wave_id] = replace(wave, members=tuple(marked))
                self._owe(wave.wave_id, now, now)

    def decide(self, wave_id: str, now: float, *, covers: int | None) -> None:
        """Withdraws a wave by a verdict, or takes that back."""
        wave = self.known.get(wave_id)
        if wave is None or wave.withdrawn != ("verdict" if covers is None else None):
            return
        if covers is not None:
            self.covered[wave_id] = covers
            self._withdraw(wave_id, "verdict", now)
            self._raise_anew(wave_id, now)
            return
        if len(wave.members) < MEMBERS_MIN:
            return
        self.known[wave_id] = replace(wave, withdrawn=None)
        self._owe(wave_id, now, now)

    def owed(self, holder: str, now: float) -> list[OwedWave]:
        """Waves to be published now."""
        held_by, until = self.relay
        if not (self.due or self.kept) or (held_by not in ("", holder) and now < until):
            return []
        self.relay = (holder, now + RELAY_SECONDS)
        for wave_id in [expired for expired, until in self.kept.items() if until <= now]:
            self._let_go(self.known.pop(wave_id))
            self.covered.pop(wave_id, None)
            del self.kept[wave_id]
            self.due[wave_id] = now
        # What is due later than any change waits was written by a clock that is ahead.
        due = sorted(
            (at, wave_id) for wave_id, at in self.due.items() if not now < at <= now + WAVE_QUIET_SECONDS
        )
        return [OwedWave(wave_id, self.known.get(wave_id)) for _, wave_id in due[:WAVES_OWED_AT_ONCE]]

    def settle(self, published: Sequence[OwedWave]) -> None:
        """Forgets that these waves are owed."""
        for owed in published:
            known = self.known.get(owed.wave_id)
            if (known.revision if known else 0) == owed.revision:
                self.due.pop(owed.wave_id, None)

    def recall(self, wave: Wave, now: float) -> int:
        """Takes back a wave that the store has lost; returns 1 if it was taken."""
        known = self.known.get(wave.wave_id)
        if known is not None and known.revision >= wave.revision:
            return 0
        if known is not None:
            self._let_go(known)
        self.known[wave.wave_id] = wave
        self.peak[wave.wave_id] = len(wave.members)
        for member in wave.members:
            if self.wave_of(member.account) is None and self.out.get(member.account, 0.0) <= now:
                self.of[member.account] = wave.wave_id
        if wave.withdrawn == "verdict":
            self.covered[wave.wave_id] = covered(len(wave.members))
        self.due.pop(wave.wave_id, None)
        self.kept[wave.wave_id] = now + self.retention_seconds
        several = {wave.wave_id} | {
            joined for fellow in wave.members if (joined := self.wave_of(fellow.account))
        }
        if wave.withdrawn is None and len(several) > 1:
            oldest, *others = sorted(several, key=lambda wave_id: (self.known[wave_id].began_at, wave_id))
            for other in others:
                self._merge(other, oldest, now)
            self._owe(oldest, now, now)
        return 1
