"""Proposes, publishes and withdraws alerts: looks at what forbids one, changes its pair, and looks once
more.

What forbids an alert (a decision, a deletion, a ban of its own, the end of the ban) may lie under other
homes than its pair, so that no step sees both. Each cause is therefore written before the alerts that it
ends are read, and an alert is noted before its causes are read once more: of a pair and a cause that come at
the same time, the one that is written second sees the other. Where an alert lies (`l:`, under the alert's
home) and that it is about its account (`a:`, under the account's) is noted between the pair and the second
look; `ac:` says so of pairs that are counted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from schemas.alerts import WithdrawnReason
from store.base import Claim, ConfirmedEntry, OpenAlert, Proposal, Ruled, Ruling
from store.common.key_digests import DIGEST_BYTES, Digest
from store.limits import OPEN_ALERTS_A_BAN, OWED_AT_ONCE
from store.rules import pairs
from store.rules.ban_alerts import COUNTS, BanAlerts, first_reads, on_bans, pairs_at
from store.rules.keyspace import STAMP_BYTES, Command, Keyspace, Sight, command, named, step, write
from store.rules.pairs import Facts, StoredPair
from store.rules.verdicts import DECISION, Verdicts, silenced_at

Alert = Proposal | OpenAlert
T = TypeVar("T")


class _Digests(NamedTuple):
    alert: bytes
    account: bytes
    banned: bytes


class Alerts:
    """The alerts on all bans."""

    def __init__(self, keys: Keyspace, verdicts: Verdicts, seconds: int) -> None:
        """``seconds``: for how long the revision of a pair is known that is gone."""
        self._keys = keys
        self._verdicts = verdicts
        self._seconds = seconds

    async def propose(self, proposals: Sequence[Proposal], now: float) -> list[Ruled]:
        digests = self._digests(proposals)
        summaries = [pairs.summary_of(proposal) for proposal in proposals]
        facts, seen = await self._first_look(proposals, digests, now)

        async def act(on_ban: BanAlerts, places: Sequence[int]) -> list[Ruled]:
            await on_ban.load(alert for at in places for alert in self._concerned(proposals[at]))
            ruled: list[Ruled] = []
            for at in places:
                proposal, alert, summary = proposals[at], digests[at].alert, summaries[at]
                claim = self._keys.addresses.claim(proposal.claimant)
                its_facts = facts[at]._replace(full=facts[at].full or on_ban.full(summary))
                ruling, pair = pairs.proposed(on_ban.pairs[alert], proposal, claim, its_facts, now)
                if ruling.ruling is Ruling.WITHHELD:
                    on_ban.withhold(alert, proposal.band, summary)
                    on_ban.sight.besides += self._counted_place(digests[at], now)
                elif pair is not None:
                    on_ban.put(alert, pair, summary)
                    on_ban.sight.besides += self._places([digests[at]])
                ruled.append(ruling)
            return ruled

        rulings = await self._on_bans(digests, act, now, seen)
        noted = [at for at, ruled in enumerate(rulings) if ruled.ruling is Ruling.PUBLISH]
        for at, why in zip(noted, await self._look_again([proposals[at] for at in noted], now), strict=True):
            if why is not None:
                rulings[at] = Ruled(why, 0)
        return rulings

    async def rulings(self, proposals: Sequence[Proposal], now: float) -> list[Ruled]:
        digests = self._digests(proposals)
        facts, seen = await self._first_look(proposals, digests, now)

        async def act(on_ban: BanAlerts, places: Sequence[int]) -> list[Ruled]:
            await on_ban.load(alert for at in places for alert in self._concerned(proposals[at]))
            full = [facts[at].full or on_ban.full(pairs.summary_of(proposals[at])) for at in places]
            return [
                pairs.foreseen(
                    on_ban.pairs[digests[at].alert], proposals[at], facts[at]._replace(full=is_full), now
                )
                for at, is_full in zip(places, full, strict=True)
            ]

        return await self._on_bans(digests, act, now, seen)

    def _concerned(self, proposal: Proposal) -> list[bytes]:
        """The digests of the proposed alert, and of its ban's summary."""
        ids = [proposal.alert_id, *([proposal.summary.alert_id] if proposal.summary else [])]
        return [self._keys.addresses.alert(alert_id).raw for alert_id in ids]

    async def _first_look(
        self, proposals: Sequence[Proposal], digests: Sequence[_Digests], now: float
    ) -> tuple[list[Facts], dict[Command, Any]]:
        """What forbids each, and what the first step on its ban reads: all in one trip."""
        homes = [self._keys.home(it.banned) for it in digests]
        counts = [named(self._keys, "ZCARD", "a", it.account) for it in digests]
        reads = [
            [command(home, *parts) for parts in first_reads(it.banned, self._concerned(proposal))]
            for it, home, proposal in zip(digests, homes, proposals, strict=True)
        ]
        first = list(dict.fromkeys(each for several in reads for each in several))
        facts, replies = await self._facts(proposals, now, [*counts, *first])
        about, seen = replies[: len(counts)], dict(zip(first, replies[len(counts) :], strict=True))
        # Of several new pairs about one account in this batch, each counts for those behind it.
        new: dict[bytes, int] = {}
        judged: list[Facts] = []
        for it, its_facts, count, several in zip(digests, facts, about, reads, strict=True):
            before = new.get(it.account, 0)
            judged.append(its_facts._replace(full=count + before >= OPEN_ALERTS_A_BAN))
            new[it.account] = before + (seen[several[COUNTS]] is None)
        return judged, seen

    async def _facts(
        self, alerts: Sequence[Alert], now: float, more: Sequence[Command] = ()
    ) -> tuple[list[Facts], list[Any]]:
        """What forbids alerts, and the replies to further commands of the same trip."""
        places = [self._verdicts.place(alert.alert_id) for alert in alerts]
        accounts = dict.fromkeys(account for alert in alerts for account in (alert.account, alert.banned))
        standings, replies = await self._keys.standing(list(accounts), now, [*places, *more])
        known = dict(zip(accounts, standings, strict=True))
        decisions = [DECISION.decode(raw[STAMP_BYTES:]) if raw else None for raw in replies[: len(alerts)]]
        facts = [
            Facts(silenced_at(decision), known[alert.account], known[alert.banned])
            for decision, alert in zip(decisions, alerts, strict=True)
        ]
        return facts, replies[len(alerts) :]

    async def _look_again(self, alerts: Sequence[Alert], now: float) -> list[Ruling | None]:
        """Withdraws alerts that must not be; returns why. Where they lie is noted already."""
        if not alerts:
            return []
        digests = self._digests(alerts)
        reads = [named(self._keys, "GET", "l", it.alert) for it in digests]
        facts, where = await self._facts(alerts, now, reads)
        # A withdrawal that was settled just then may have let go of what this worker noted meanwhile.
        lost = [it for it, place in zip(digests, where, strict=True) if place is None]
        await write(self._keys, self._places(lost))
        why = [pairs.forbidden(alert, fact) for alert, fact in zip(alerts, facts, strict=True)]
        refused = [at for at, ruling in enumerate(why) if ruling is not None]

        def end(pair: StoredPair | None, at: int) -> StoredPair | None:
            return pairs.ended(pair, facts[refused[at]], now)

        await self._change([alerts[at] for at in refused], end, now)
        return why

    def _places(self, digests: Sequence[_Digests]) -> list[Command]:
        """The commands that note where alerts lie, and that they are about their accounts."""
        return [
            each
            for alert, account, banned in digests
            for each in (
                named(self._keys, "SET", "l", alert, banned),
                named(self._keys, "ZADD", "a", account, 0, alert + banned),
            )
        ]

    def _counted_place(self, digests: _Digests, now: float) -> list[Command]:
        """The commands that note, for as long as a pair is counted, that it is about its account."""
        alert, account, banned = digests
        return [
            named(self._keys, "ZADD", "ac", account, repr(now), alert + banned),
            named(self._keys, "EXPIRE", "ac", account, self._seconds),
        ]

    async def confirm(self, published: Sequence[Claim], now: float) -> None:
        of, alert_of = self._keys.addresses.account, self._keys.addresses.alert
        places = [(of(claim.banned).raw, alert_of(claim.alert_id).raw) for claim in published]

        async def act(on_ban: BanAlerts, which: Sequence[int]) -> list[None]:
            await on_ban.load([places[at][1] for at in which])
            for at in which:
                alert, claim = places[at][1], self._keys.addresses.claim(published[at].claimant)
                pair = pairs.confirmed(on_ban.pairs[alert], claim, published[at].revision)
                if pair is not None:
                    on_ban.put(alert, pair)
                    on_ban.await_verdict(alert)
            return [None] * len(which)

        await on_bans(self._keys, places, act, now, self._seconds)

    async def withdraw(self, alerts: Sequence[OpenAlert], reason: WithdrawnReason, now: float) -> None:
        def end(pair: StoredPair | None, at: int) -> StoredPair | None:
            return pairs.withdrawn_as_read(pair, alerts[at], reason, now)

        await self._change(alerts, end, now)

    async def end(self, accounts: Sequence[str], reason: WithdrawnReason, now: float) -> None:
        """Withdraws every alert on those bans that have ended, and once more what was withdrawn before."""
        standings, _ = await self._keys.standing(accounts, now)
        accounts = [account for account, it in zip(accounts, standings, strict=True) if not it.banned]
        listed = await self._listed(accounts)
        counts = await self._counts(accounts)

        async def act(sight: Sight, banned: bytes, some: Sequence[bytes]) -> None:
            on_ban = BanAlerts(sight, banned, now, self._seconds)
            await on_ban.load(some)
            on_ban.count_nothing()
            for alert in some:
                pair = on_ban.pairs[alert]
                if pair is not None and pair.status != pairs.GONE:
                    on_ban.put(alert, pairs.withdrawn(pair, reason, now))

        async def end(digest: Digest, several: Sequence[bytes], count: int) -> None:
            for at in range(0, max(len(several), count), OWED_AT_ONCE):
                some = several[at : at + OWED_AT_ONCE]

                def ending(sight: Sight, these: Sequence[bytes] = some) -> Awaitable[None]:
                    return act(sight, digest.raw, these)

                await step(self._keys, self._keys.home(digest.raw), ending)

        digests = map(self._keys.addresses.account, accounts)
        await self._keys.together([end(*it) for it in zip(digests, listed, counts, strict=True)])

    async def reopen(self, alerts: Sequence[OpenAlert], now: float) -> None:
        """Opens alerts that a verdict withdrew, unless something forbids it, and looks once more at all."""
        gone = [alert for alert in alerts if alert.withdrawn == "verdict"]
        facts, _ = await self._facts(gone, now)
        allowed = [
            alert for alert, fact in zip(gone, facts, strict=True) if pairs.forbidden(alert, fact) is None
        ]
        await self._reopen(allowed, now)
        await self._look_again([*(alert for alert in alerts if alert.open), *allowed], now)

    async def revise(self, alerts: Sequence[OpenAlert], now: float) -> None:
        standings, _ = await self._keys.standing([alert.banned for alert in alerts], now)
        await self._reopen([alert for alert, it in zip(alerts, standings, strict=True) if it.banned], now)

    async def _reopen(self, alerts: Sequence[OpenAlert], now: float) -> None:
        def reopen(pair: StoredPair | None, at: int) -> StoredPair | None:
            return pairs.reopened(pair, alerts[at], now)

        await self._change(alerts, reopen, now)

    async def recall(self, alerts: Sequence[OpenAlert], now: float) -> list[bool]:
        standings, _ = await self._keys.standing([alert.banned for alert in alerts], now)

        def recall(pair: StoredPair | None, at: int) -> StoredPair | None:
            return pairs.recalled(pair, alerts[at], now, ban_stands=standings[at].banned)

        taken = await self._change(alerts, recall, now, placed=True)
        # A summary is about the banned account itself: its ban does not forbid it.
        await self._look_again(
            [alert for alert, it in zip(alerts, taken, strict=True) if it and not alert.sums_up], now
        )
        return taken

    async def by_id(self, alert_ids: Sequence[str]) -> list[OpenAlert | None]:
        digests = [self._keys.addresses.alert(alert_id).raw for alert_id in alert_ids]
        where = await self._keys.ask([named(self._keys, "GET", "l", digest) for digest in digests])
        known = [(banned, digest) for banned, digest in zip(where, digests, strict=True) if banned]
        read = iter(await pairs_at(self._keys, known))
        found = [next(read) if banned else None for banned in where]
        return [pair.known if pair else None for pair in found]

    async def on(self, accounts: Sequence[str]) -> list[list[OpenAlert]]:
        """The alerts on bans."""
        banned = [self._keys.addresses.account(account).raw for account in accounts]
        listed = await self._listed(accounts)
        return await self._known(
            [[(ban, alert) for alert in several] for ban, several in zip(banned, listed, strict=True)]
        )

    async def about(self, accounts: Sequence[str]) -> list[list[OpenAlert]]:
        """The alerts about accounts."""
        return await self._known(await self._pairs_about("a", accounts))

    async def _known(self, places: Sequence[Sequence[tuple[bytes, bytes]]]) -> list[list[OpenAlert]]:
        read = iter(await pairs_at(self._keys, [place for several in places for place in several]))
        found = [[next(read) for _ in several] for several in places]
        known = [[alert for pair in several if pair and (alert := pair.known)] for several in found]
        return [sorted(several, key=lambda alert: alert.alert_id) for several in known]

    async def _listed(self, accounts: Sequence[str]) -> list[list[bytes]]:
        """The digests of the alerts on bans, open or known."""
        banned = [self._keys.addresses.account(account).raw for account in accounts]
        lists = await self._keys.ask(
            [named(self._keys, "ZRANGE", kind, digest, 0, -1) for digest in banned for kind in ("o", "c")]
        )
        return [[*one, *other] for one, other in zip(lists[::2], lists[1::2], strict=True)]

    async def _pairs_about(self, kind: str, accounts: Sequence[str]) -> list[list[tuple[bytes, bytes]]]:
        digests = [self._keys.addresses.account(account).raw for account in accounts]
        found = await self._keys.ask([named(self._keys, "ZRANGE", kind, it, 0, -1) for it in digests])
        return [[(pair[DIGEST_BYTES:], pair[:DIGEST_BYTES]) for pair in several] for several in found]

    async def withheld(self, accounts: Sequence[str]) -> list[bool]:
        return [bool(count) for count in await self._counts(accounts)]

    async def _counts(self, accounts: Sequence[str]) -> list[int]:
        """How many pairs of each ban are only counted."""
        banned = [self._keys.addresses.account(account).raw for account in accounts]
        return await self._keys.ask([named(self._keys, "HLEN", "h", digest) for digest in banned])

    async def release(self, entries: Iterable[ConfirmedEntry]) -> None:
        """Lets go of where alerts lie, and of whom they are about, unless they are open or known."""
        digests = self._digests([entry for entry in entries if entry.account])
        gone = await self._unknown(digests)
        await write(
            self._keys,
            [
                each
                for alert, account, banned in gone
                for each in (
                    named(self._keys, "DEL", "l", alert),
                    named(self._keys, "ZREM", "a", account, alert + banned),
                )
            ],
        )
        still = set(await self._unknown(gone))
        await write(self._keys, self._places([it for it in gone if it not in still]))  # proposed meanwhile

    async def _unknown(self, digests: Sequence[_Digests]) -> list[_Digests]:
        read = await pairs_at(self._keys, [(it.banned, it.alert) for it in digests])
        return [it for it, pair in zip(digests, read, strict=True) if not pair or pair.status == pairs.GONE]

    async def _change(
        self,
        alerts: Sequence[Alert],
        rule: Callable[[StoredPair | None, int], StoredPair | None],
        now: float,
        *,
        placed: bool = False,
    ) -> list[bool]:
        """Replaces pairs by a rule, which takes a pair and an alert's place; returns which were replaced.

        ``placed``: notes where these are, except for summaries.
        """
        digests = self._digests(alerts)

        async def act(on_ban: BanAlerts, places: Sequence[int]) -> list[bool]:
            await on_ban.load([digests[at].alert for at in places])
            changed: list[bool] = []
            for at in places:
                alert, account, banned = digests[at]
                pair = rule(on_ban.pairs[alert], at)
                changed.append(pair is not None)
                if pair is not None:
                    on_ban.put(alert, pair)
                    if placed and account != banned:
                        on_ban.sight.besides += self._places([digests[at]])
            return changed

        return await self._on_bans(digests, act, now)

    async def uncount(self, accounts: Sequence[str], now: float) -> None:
        """Counts no pair about these accounts any more."""
        places = [place for several in await self._pairs_about("ac", accounts) for place in several]

        async def act(on_ban: BanAlerts, which: Sequence[int]) -> list[bool]:
            await on_ban.load([places[at][1] for at in which])
            return [on_ban.uncount(places[at][1], sums_up=True) for at in which]

        await on_bans(self._keys, places, act, now, self._seconds)

    async def _on_bans(
        self,
        digests: Sequence[_Digests],
        act: Callable[[BanAlerts, Sequence[int]], Awaitable[Sequence[T]]],
        now: float,
        seen: Mapping[Command, Any] | None = None,
    ) -> list[T]:
        places = [(it.banned, it.alert) for it in digests]
        return await on_bans(self._keys, places, act, now, self._seconds, seen)

    def _digests(self, alerts: Sequence[Alert | ConfirmedEntry]) -> list[_Digests]:
        of, alert = self._keys.addresses.account, self._keys.addresses.alert
        return [_Digests(alert(it.alert_id).raw, of(it.account).raw, of(it.banned).raw) for it in alerts]
