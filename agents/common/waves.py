"""Waves: lets new accounts join them by their own evidence, and makes the records that the relay publishes.

The store owes a wave from the step that changed it on, so that no crash loses or doubles one: the relay of
the outbox publishes it (runtime/outbox.py), whichever process comes next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from agents.common.context import AgentContext
from agents.common.decoding import itself, read_all
from agents.common.snapshot import Snapshot
from agents.common.yielder import Yielder
from samehand.alert_id import alert_id
from samehand.waves.keys import OTHERS_MIN
from samehand.waves.membership import COMPARED_MAX, gathered, nearest
from samehand.waves.pattern import PatternLine, handle_pattern, pattern_of
from samehand.waves.score import Likeness, likeness
from schemas.decoding.dates import from_seconds
from schemas.waves import WaveAlert, WavePattern
from schemas.waves import WaveMember as RecordMember
from schemas.wire import decode_wave, encode
from store.base import Companions, Company, Gathering, OwedWave, Remembered, Wave, WaveMember
from streams.outcomes import NOTHING, Arrival, Emit, Outcome

# A record of five hundred members thus stays below a mebibyte, whatever they are called. A broker takes no
# more, and what the relay cannot publish ends each worker in turn. Handles of large platforms have
# 63 characters.
_HANDLE_MAX: Final = 64
_SIGNALS_MAX: Final = 8


@dataclass(slots=True)
class _Comparisons:
    """Compares new accounts, two of them once."""

    snapshot: Snapshot
    context: AgentContext
    found: dict[tuple[str, str], Likeness | None] = field(default_factory=dict)

    def alike(self, account: Remembered, other: Remembered) -> bool:
        pair = (account.account, other.account)
        key = pair if pair[0] < pair[1] else pair[::-1]
        if key not in self.found:
            self.found[key] = self._compared(account, other)
        comparison = self.found[key]
        return comparison is not None and comparison.alike

    def _compared(self, account: Remembered, other: Remembered) -> Likeness | None:
        if account.platform != other.platform and not self.context.alert_policy.across_platforms:
            return None
        weights, frequencies = self.snapshot.weighing.weights, self.snapshot.frequencies
        for mine in account.fingerprints:
            for theirs in other.fingerprints:
                if mine.pepper_id == theirs.pepper_id:
                    return likeness(mine, theirs, weights, frequencies)
        return None

    def member(self, account: Remembered) -> WaveMember:
        """The account with its own evidence: how it resembles those that it was found alike with."""
        own = [
            comparison
            for pair, comparison in self.found.items()
            if comparison is not None and account.account in pair
        ]
        near = sorted(
            (comparison for comparison in own if comparison.alike),
            key=lambda comparison: -comparison.log_odds,
        )
        counts = Counter(signal for comparison in near for signal in comparison.signals)
        signals = [signal for signal, count in counts.most_common(_SIGNALS_MAX) if 2 * count >= len(near)]
        log_odds = near[OTHERS_MIN - 1].log_odds
        return WaveMember(
            account.account, account.quoted.handle[:_HANDLE_MAX], account.seen_at, log_odds, tuple(signals)
        )


class NearWave(NamedTuple):
    """An open wave that an account would join: its members, and what those that it resembles share."""

    wave_id: str
    members: int
    pattern: list[PatternLine]
    handle_pattern: str | None


def near_wave(
    account: Remembered, company: Sequence[Company], snapshot: Snapshot, context: AgentContext
) -> NearWave | None:
    """Returns the open wave that an account would join if its event were published now."""
    if len(company) < OTHERS_MIN or not any(companion.place for companion in company):
        return None
    compared = _Comparisons(snapshot, context)
    alike = [companion for companion in company if compared.alike(account, companion.account)]
    places = [companion.place for companion in alike if companion.place is not None]
    if len(alike) < OTHERS_MIN or not places:
        return None
    began_at = {place.wave_id: place.began_at for place in places}
    wave_id = nearest(Counter(place.wave_id for place in places), began_at.__getitem__)[0]
    near = [place for place in places if place.wave_id == wave_id]
    return NearWave(
        wave_id,
        near[0].members,
        pattern_of([place.member.signals for place in near]),
        handle_pattern([place.member.handle for place in near]),
    )


async def follow_waves(
    accounts: Sequence[Remembered],
    companions: Sequence[Companions],
    snapshot: Snapshot,
    context: AgentContext,
    *,
    changed: bool,
) -> None:
    """Lets accounts join waves with those that came with them; a changed one may leave its wave.

    In shadow mode there are no waves: nobody reads them, and they would go where people do.
    """
    if context.alert_policy.shadow:
        return
    yielder, joined = Yielder(context.ticks), set[str]()
    for account, company in zip(accounts, companions, strict=True):
        if company.wave_id is not None:
            if changed:
                await _stay_or_leave(account.account, company.wave_id, snapshot, context)
        elif len(company.accounts) >= OTHERS_MIN:
            joined |= await _join(account, company, joined | company.members, snapshot, context)
            await yielder.pause()


async def recall_waves(context: AgentContext, arrivals: Sequence[Arrival]) -> list[Outcome]:
    """Lets the store know again which waves were published, where it has lost them; publishes nothing.

    ``arrivals``: the last record of each wave. Unreadable records are skipped here; the desk, which reads the
    topic too, counts and logs them.
    """
    published = [arrival for arrival in arrivals if arrival.value is not None]
    _, waves = read_all(published, decode_wave, context, itself, ours=True)
    recalled = [recalled_wave(record) for _, record in waves]
    await context.call_store(context.store.recall_waves(recalled, now=context.now()))
    return [NOTHING] * len(arrivals)


async def _join(
    account: Remembered, company: Companions, members: Set[str], snapshot: Snapshot, context: AgentContext
) -> set[str]:
    """Lets an account join a wave, with others that come by it; returns who joined."""
    store, now = context.store, context.now()
    compared = _Comparisons(snapshot, context)
    joining, resembling = gathered(
        account, company.accounts, lambda other: other.account in members, compared.alike
    )
    if not joining:
        return set()
    first = min(joining, key=lambda joiner: (joiner.seen_at, joiner.account))
    gathering = Gathering(
        # With the moment: an account that has left the wave named after it may found another.
        wave_id=alert_id(f"wave {first.seen_at!r}", first.account),
        began_at=first.seen_at,
        joining=[compared.member(joiner) for joiner in joining],
        resembling=[other.account for other in resembling],
    )
    if await context.call_store(store.gather(gathering, now=now)) is None:
        return set()
    # Of a deletion (or a ban) and a joining at the same time, whichever is written second sees the other.
    names = [joiner.account for joiner in joining]
    there = await context.call_store(store.remembered(names, now=now))
    gone = [name for name, remembered in zip(names, there, strict=True) if remembered is None]
    if gone:
        await context.call_store(store.leave_waves(gone, reason="account-deleted", now=now))
    bans = await context.call_store(store.bans(names, now=now))
    if any(bans):
        banned = [name for name, ban in zip(names, bans, strict=True) if ban is not None]
        await context.call_store(store.mark_banned(banned, banned=True, now=now))
    return set(names).difference(gone)


async def _stay_or_leave(account: str, wave_id: str, snapshot: Snapshot, context: AgentContext) -> None:
    """Takes an account out of its wave unless it is still alike with as many members as joining takes."""
    store, now = context.store, context.now()
    (wave,) = await context.call_store(store.waves([wave_id]))
    if wave is None:
        return
    joined_at = {member.account: member.seen_at for member in wave.members}
    at = joined_at.pop(account, 0.0)
    near = sorted(joined_at, key=lambda name: abs(joined_at[name] - at))[:COMPARED_MAX]
    own, *others = await context.call_store(store.remembered([account, *near], now=now))
    there = [other for other in others if other is not None]
    if own is None or len(there) < OTHERS_MIN:
        return
    compared = _Comparisons(snapshot, context)
    if sum(compared.alike(own, other) for other in there) < OTHERS_MIN:
        await context.call_store(store.leave_waves([account], reason="no-longer-resembles", now=now))


def wave_emit(owed: OwedWave, context: AgentContext) -> Emit:
    """The record of a wave; without a value where it is forgotten."""
    value = None if owed.wave is None else encode(wave_record(owed.wave))
    return Emit(context.topics.waves, owed.wave_id.encode(), value)


def wave_record(wave: Wave) -> WaveAlert:
    """The record of a wave as the store knows it."""
    return WaveAlert(
        wave_id=wave.wave_id,
        revision=wave.revision,
        status="open" if wave.withdrawn is None else "withdrawn",
        began_at=from_seconds(wave.began_at),
        changed_at=from_seconds(wave.changed_at),
        members=tuple(
            RecordMember(
                account=member.account,
                handle=member.handle,
                seen_at=from_seconds(member.seen_at),
                log_odds=member.log_odds,
                signals=member.signals,
                banned=member.banned,
            )
            for member in wave.members
        ),
        pattern=tuple(
            WavePattern(signal=line.signal, level=line.level, members=line.members)
            for line in pattern_of([member.signals for member in wave.members])
        ),
        handle_pattern=handle_pattern([member.handle for member in wave.members]),
        withdrawn_at=None if wave.withdrawn is None else from_seconds(wave.changed_at),
        withdrawn_reason=wave.withdrawn,
        merged_into=wave.merged_into,
    )


def recalled_wave(record: WaveAlert) -> Wave:
    """The wave as the store keeps it."""
    return Wave(
        wave_id=record.wave_id,
        revision=record.revision,
        began_at=record.began_at.timestamp(),
        changed_at=record.changed_at.timestamp(),
        members=tuple(
            WaveMember(
                member.account,
                member.handle,
                member.seen_at.timestamp(),
                member.log_odds,
                member.signals,
                member.banned,
            )
            for member in record.members
        ),
        withdrawn=record.withdrawn_reason,
        merged_into=record.merged_into,
    )
