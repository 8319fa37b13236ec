"""Screen: a new or changed account is remembered, then looked up among the banned.

Remember first, look second: a ban that lands in between is enrolled before its look-back looks, so that
whichever of the two comes second sees the first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from agents.aside import aside
from agents.common.distilled import distilled
from agents.common.snapshot import Snapshot, snapshot_of
from agents.common.turns import Turns
from agents.common.unlike import withdraw_unlike
from agents.house import House
from agents.pairing import Pair, Side, admitted, best_score, confirm
from agents.reading import earliest, read_all
from samehand.scoring.upper_bound import UpperBound
from samehand.showings import UNKNOWN, Showings
from samehand.unbanned import Unbanned
from schemas.accounts import AccountEvent
from schemas.alerts import Direction
from schemas.wire import Decoded, decode_created, decode_updated
from store.base import BanFacts, Candidate, Query, Remembered
from streams.outcomes import Arrival, Emit, Outcome, Published
from streams.tracing import note, stage

ASKED_AT_ONCE: Final = 64
"""Events of a batch that ask the store together, and are compared before the next ones ask.

An answer on 500 events is 30,000 postings, which a busy client does not read within Redis' deadline.
"""


@dataclass(frozen=True, slots=True)
class _Seen:
    """An event's account, distilled, and which event told of it when."""

    account: Remembered
    query: Query
    event_at: float
    event_id: str


class Screen:
    """Accounts created or updated become alerts on the banned accounts that they resemble."""

    def __init__(self, house: House, direction: Direction = "forward") -> None:
        """``direction`` is ``forward`` for created accounts, ``update`` for changed ones."""
        self._house = house
        self._bound = UpperBound(house.weights)
        self._direction: Direction = direction
        self._topic = house.topics.created if direction == "forward" else house.topics.updated

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """One outcome an arrival: alerts, nothing to say, or a dead letter."""
        snapshot = await snapshot_of(self._house, earliest(arrivals))
        outcomes: list[Outcome] = []
        seen: list[tuple[int, _Seen]] = []
        read = partial(self._read, snapshot=snapshot)
        for first, (some, events) in await aside(arrivals, read, Turns(self._house.ticks)):
            outcomes += some
            seen += [(first + place, one) for place, one in events if one is not None]
        if seen:
            for place, emits in (await self._alerts(seen, snapshot)).items():
                outcomes[place] = Published(tuple(emits))
        return outcomes

    async def confirm(self, emits: Sequence[Emit]) -> None:
        """Notes the published alerts, so that a repeat is a duplicate."""
        await confirm(emits, self._house)

    def _read(
        self, arrivals: Sequence[Arrival], snapshot: Snapshot
    ) -> tuple[list[Outcome], list[tuple[int, _Seen | None]]]:
        def seen(found: Decoded[AccountEvent]) -> _Seen | None:
            return self._seen(found, snapshot)

        if self._direction == "update":
            return read_all(arrivals, decode_updated, self._house, seen)
        return read_all(arrivals, decode_created, self._house, seen)

    def _seen(self, found: Decoded[AccountEvent], snapshot: Snapshot) -> _Seen | None:
        event = found.record
        if event.key in self._house.rules.allowlist:
            return None
        account = distilled(found, self._topic, self._house)
        if not self._house.rules.dated:
            undated = tuple(replace(fingerprint, at=None) for fingerprint in account.fingerprints)
            account = replace(account, fingerprints=undated, shown=UNKNOWN)
        table = self._bound.table(account.fingerprints, snapshot.frequencies, calendar=snapshot.calendar)
        account = replace(account, keys=table.listed)
        # Those below the bands are sought among everybody.
        below = self._house.rules.candidates_below > 0
        query = Query(account.account, table.keys, None if below else table)
        return _Seen(account, query, event.at, event.event_id)

    async def _alerts(self, seen: Sequence[tuple[int, _Seen]], snapshot: Snapshot) -> dict[int, list[Emit]]:
        """What to send for each event, by its place in the batch."""
        pairs: list[Pair] = []
        places: list[int] = []
        accounts: list[Remembered] = []
        for at in range(0, len(seen), ASKED_AT_ONCE):
            some = list(seen[at : at + ASKED_AT_ONCE])
            found, shown = await self._found(some)
            some = [
                (place, replace(one, account=replace(one.account, shown=showings)))
                for (place, one), showings in zip(some, shown, strict=True)
            ]
            accounts += [one.account for _, one in some]
            with stage("compare"):
                best = await self._pairs(some, found, snapshot)
            for (place, _), several in zip(some, best, strict=True):
                pairs += several
                places += [place] * len(several)
        said: dict[int, list[Emit]] = {}
        if self._direction == "update":
            await withdraw_unlike(accounts, snapshot, self._house)
        if pairs:
            for pair, emit in (await admitted(pairs, self._house)).emits:
                said.setdefault(places[pair], []).append(emit)
        return said

    async def _found(self, seen: Sequence[tuple[int, _Seen]]) -> tuple[list[list[Candidate]], list[Showings]]:
        """Remembers the accounts, then looks for the banned that share keys with each.

        Answers these, and since when each account shows what it shows.
        """
        house = self._house
        now = house.now()
        shown = await house.ask(house.store.remember([one.account for _, one in seen], now=now))
        found = await house.ask(
            house.store.bans_like(
                [one.query for _, one in seen], now=now, keep=house.rules.candidates_an_event
            )
        )
        for candidates in found:
            house.meters.candidates.observe(len(candidates))
        note(
            lambda: {
                place: {"event_id": one.event_id, "candidates": len(candidates)}
                for (place, one), candidates in zip(seen, found, strict=True)
            }
        )
        return found, shown

    async def _pairs(
        self,
        seen: Sequence[tuple[int, _Seen]],
        found: Sequence[Sequence[Candidate]],
        snapshot: Snapshot,
    ) -> list[list[Pair]]:
        """The best pairs of each event at or above `possible`, and those below that were asked for."""
        # What one evader's banned accounts share is no crowd of strangers.
        sights = [
            replace(
                snapshot,
                frequencies=Unbanned(snapshot.frequencies, candidates[0].bearers if candidates else {}),
            )
            for candidates in found
        ]
        near, turns = [], Turns(self._house.ticks)
        for (_, one), candidates, sight in zip(seen, found, sights, strict=True):
            near.append(self._near(one, candidates, sight))
            await turns.give()
        refs = [candidate.ref for candidates in near for candidate in candidates]
        facts = iter(await self._house.ask(self._house.store.facts(refs)) if refs else ())
        best = []
        for (_, one), candidates, sight in zip(seen, near, sights, strict=True):
            with_facts = [(candidate, next(facts)) for candidate in candidates]
            best.append(self._kept(self._with_policy(one, with_facts, sight)))
            await turns.give()
        return best

    def _kept(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Of those that alert as many as a person reads, and below the bands as many as were asked for."""
        rules = self._house.rules
        alerting = [pair for pair in pairs if pair.score.band != "none"]
        below = [pair for pair in pairs if pair.score.band == "none"]
        told, kept_back = alerting[: rules.alerts_an_event], alerting[rules.alerts_an_event :]
        # What this event noted before its worker died is its to tell, though stronger ones have come since.
        again = [replace(pair, again_only=True) for pair in kept_back]
        return told + again + below[: rules.candidates_below]

    def _near(self, one: _Seen, candidates: Sequence[Candidate], snapshot: Snapshot) -> list[Candidate]:
        """The candidates that some policy might alert on; all of them where those below are asked for."""
        house = self._house
        probability_min = 0.0 if house.rules.candidates_below else house.weights.alerting_min
        best, near = -math.inf, []
        if not house.rules.across_platforms:
            candidates = [it for it in candidates if it.fingerprint.platform == one.account.platform]
        for candidate in candidates:
            scored = best_score(one.account.fingerprints, candidate.fingerprint, house, snapshot)
            if scored is not None:
                best = max(best, scored[1].log_odds)
                if scored[1].probability >= probability_min:
                    near.append(candidate)
        if best > -math.inf:
            house.meters.score_log_odds.observe(best)
        return near

    def _with_policy(
        self,
        one: _Seen,
        candidates: Sequence[tuple[Candidate, BanFacts | None]],
        snapshot: Snapshot,
    ) -> list[Pair]:
        """The pairs that alert by the thresholds of their ban's policy (or were asked for), best first."""
        below = self._house.rules.candidates_below > 0
        pairs = []
        side: Side | None = None
        for candidate, facts in candidates:
            if facts is None:
                continue
            account = one.account
            scored = best_score(
                account.fingerprints,
                candidate.fingerprint,
                self._house,
                snapshot,
                facts.policy or "",
                (account.shown, facts.shown) if self._house.rules.dated else None,
            )
            if scored is None or (scored[1].band == "none" and not below):
                continue
            mine, result = scored
            side = side or Side(
                account.account,
                account.platform,
                account.account_id,
                account.quoted,
                mine,
                account.seen_at,
                account.not_read,
            )
            claimant = f"{self._direction}:{one.event_id}"
            pairs.append(
                Pair(side, facts, candidate.fingerprint, result, self._direction, one.event_at, claimant)
            )
        return sorted(pairs, key=lambda pair: (-pair.score.log_odds, pair.alert_id))
