"""Pairs in Redis: what was proposed, published, withdrawn and silenced.

A pair's marker and its open alert are in the banned account's shard, so that one atomic step sees both the
pair and the ban, and the step that ends a ban ends its alerts (outbox.py). The alert's own shard holds the
digest of its banned account and, once a moderator has decided, the decision.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, Literal, cast, get_args

import msgspec

from schemas.alerts import WithdrawnReason
from schemas.verdicts import Verdict
from store.base import (
    NEVER,
    Claim,
    ConfirmedEntry,
    Decided,
    Decision,
    OpenAlert,
    Proposal,
    Ruled,
    Ruling,
    Shown,
    ShownLine,
)
from store.common.alert_dedup import WITHDRAWN_FOR, band_rank
from store.common.key_digests import DIGEST_BYTES, TAG_BYTES, Digest
from store.limits import CLAIM_SECONDS, CLEARED_A_BAN, COUNTED_A_BAN, OPEN_ALERTS_A_BAN
from store.redis.client import both, together
from store.redis.shards import Shards


class _Words(msgspec.Struct, array_like=True, frozen=True):
    """An alert as stored. One that was withdrawn is kept for years, so its payload is compressed."""

    alert_id: str
    account: str
    banned: str
    band: str
    payload: bytes
    seen_at: float = 0.0
    withdrawn: str = ""
    dismissed_at: float = NEVER


_LINES: Final = msgspec.msgpack.Decoder(tuple[ShownLine, ...])
_VERDICTS: Final[dict[bytes, Verdict]] = {word[:1].encode(): word for word in get_args(Verdict)}


class Alerts:
    """The state of pairs over all shards."""

    def __init__(self, shards: Shards, dedup_seconds: float) -> None:
        """``dedup_seconds``: how long a pair is known that is not open."""
        self._shards = shards
        self._seconds = round(dedup_seconds)

    async def propose(self, proposals: Sequence[Proposal], now: float) -> list[Ruled]:
        """Decides for each whether it may be published, and notes it as open.

        One shard does it in one step. Of several, what forbids an alert is on other shards than the pair. It
        is looked up first, so that little is noted in vain, and once more after the pair was noted: of a pair
        and a ban, deletion or decision that come at the same time, whichever is written second thus sees the
        other.
        """
        # Those to look up once more: a proposal that was noted, or the open alert where it must not be.
        suspects: dict[int, tuple[Proposal | OpenAlert, int]] = {}
        if len(self._shards.all) == 1:
            # The same of one shard, in one step: nothing that forbids an alert can come in between.
            items = [
                (
                    self._shards.addresses.account(proposal.account).raw,
                    repr(proposal.seen_at),
                    repr(proposal.dismissed_at),
                    *self._asked(proposal, full=False),
                )
                for proposal in proposals
            ]
            rulings = await self._ruled("admit", proposals, items, now)
        else:
            rulings = await self._checked(proposals, now)
            suspects = {
                at: (proposals[at], ruled.revision)
                for at, ruled in enumerate(rulings)
                if ruled.ruling is Ruling.PUBLISH
            }
        gone = [at for at, ruled in enumerate(rulings) if ruled.ruling in WITHDRAWN_FOR]
        if gone:  # noted by a worker that died before its second look-up
            alerts = await self.by_id([proposals[at].alert_id for at in gone])
            suspects |= {
                at: (alert, alert.revision)
                for at, alert in zip(gone, alerts, strict=True)
                if alert and alert.open
            }
        asked = [pair for pair, _ in suspects.values()]
        again = await self._refused(asked, now, noted=True) if asked else []
        for (at, (pair, revision)), ruling in zip(suspects.items(), again, strict=True):
            if ruling in WITHDRAWN_FOR:
                await self._withdraw([(pair.alert_id, pair.banned, revision)], WITHDRAWN_FOR[ruling], now)
                rulings[at] = Ruled(ruling, 0)
        return rulings

    async def _checked(self, proposals: Sequence[Proposal], now: float) -> list[Ruled]:
        """The rulings on proposals, of which what outside the banned account's shard forbids is not noted."""
        refused = await self._refused(proposals, now)
        left = [at for at, ruling in enumerate(refused) if ruling in (None, Ruling.WITHHELD)]
        full = [refused[at] is Ruling.WITHHELD for at in left]  # as many alerts as the account may have
        items = [self._asked(proposals[at], full=is_full) for at, is_full in zip(left, full, strict=True)]
        noted = await self._ruled("propose", [proposals[at] for at in left], items, now)
        rulings = [Ruled(ruling or Ruling.PUBLISH, 0) for ruling in refused]
        for at, ruled in zip(left, noted, strict=True):
            rulings[at] = ruled
        return rulings

    def _summary(self, proposal: Proposal) -> tuple[bytes, bytes]:
        if proposal.summary is None:
            return b"", b""
        alert_id, payload = proposal.summary
        words = _Words(alert_id, proposal.banned, proposal.banned, "none", payload)
        return self._shards.addresses.alert(alert_id).raw, msgspec.msgpack.encode(words)

    def _asked(self, proposal: Proposal, *, full: bool) -> tuple[bytes | str | int, ...]:
        addresses = self._shards.addresses
        how = "full" if full else "tell"
        if proposal.again_only:
            how = "count" if proposal.counted else "again"
        return (
            addresses.account(proposal.banned).raw,
            addresses.alert(proposal.alert_id).raw,
            band_rank(proposal.band),
            addresses.claim(proposal.claimant).hex(),
            how,
            msgspec.msgpack.encode(
                _Words(
                    proposal.alert_id,
                    proposal.account,
                    proposal.banned,
                    proposal.band,
                    proposal.payload,
                    proposal.seen_at,
                    dismissed_at=proposal.dismissed_at,
                )
            ),
            *self._summary(proposal),
        )

    async def _ruled(
        self,
        script: str,
        proposals: Sequence[Proposal],
        items: Sequence[Sequence[bytes | str | int]],
        now: float,
    ) -> list[Ruled]:
        banned = [self._shards.addresses.account(proposal.banned) for proposal in proposals]
        maps = self._shards.layout.bans.maps
        head = (repr(now), self._seconds, maps, CLAIM_SECONDS, OPEN_ALERTS_A_BAN, COUNTED_A_BAN)
        answers = await self._shards.ask(script, banned, head, items, 2)
        return [Ruled(Ruling(word.decode()), revision) for word, revision in answers]

    async def _refused(
        self, proposals: Sequence[Proposal | OpenAlert], now: float, *, noted: bool = False
    ) -> list[Ruling | None]:
        """Why each must not be published, or ``None``; ``WITHHELD`` if its account has too many alerts.

        Reasons: the pair is silenced, or the account is deleted or itself banned. Notes for the others under
        which ban the pair will be; for all that are ``noted``, until they are released.
        """
        addresses = self._shards.addresses
        alerts = [addresses.alert(proposal.alert_id) for proposal in proposals]
        accounts = [addresses.account(proposal.account) for proposal in proposals]
        banned = [addresses.account(proposal.banned).raw for proposal in proposals]
        quiet, gone = await together(
            [
                self._shards.ask(
                    "pair_check",
                    alerts,
                    (self._seconds, int(noted)),
                    [
                        (alert.raw, other, repr(proposal.dismissed_at))
                        for alert, other, proposal in zip(alerts, banned, proposals, strict=True)
                    ],
                ),
                self._shards.ask(
                    "account_check",
                    accounts,
                    (repr(now), self._shards.layout.bans.maps, self._seconds, OPEN_ALERTS_A_BAN, int(noted)),
                    [
                        (account.raw, repr(proposal.seen_at), alert.raw + other)
                        for account, proposal, alert, other in zip(
                            accounts, proposals, alerts, banned, strict=True
                        )
                    ],
                ),
            ]
        )
        return [
            Ruling.SUPPRESSED if silent else Ruling(word.decode()) if word else None
            for (silent,), (word,) in zip(quiet, gone, strict=True)
        ]

    async def rulings(self, proposals: Sequence[Proposal], now: float) -> list[Ruled]:
        addresses, maps = self._shards.addresses, self._shards.layout.bans.maps
        alerts = [addresses.alert(proposal.alert_id) for proposal in proposals]
        accounts = [addresses.account(proposal.account) for proposal in proposals]
        banned = [addresses.account(proposal.banned) for proposal in proposals]
        pairs = [alert.raw + ban.raw for alert, ban in zip(alerts, banned, strict=True)]
        about: list[tuple[bytes | str, ...]] = [
            (account.raw, repr(proposal.seen_at), pair)
            for account, proposal, pair in zip(accounts, proposals, pairs, strict=True)
        ]
        asked: list[tuple[bytes | int, ...]] = [
            (ban.raw, alert.raw, band_rank(proposal.band), self._summary(proposal)[0])
            for ban, alert, proposal in zip(banned, alerts, proposals, strict=True)
        ]
        head = (repr(now), maps)
        held, refused, pair_states = await together(
            [
                self._shards.ask("held", alerts, (), [(alert.raw,) for alert in alerts]),
                self._shards.ask("account_look", accounts, (*head, self._seconds, OPEN_ALERTS_A_BAN), about),
                self._shards.ask("pair_look", banned, head, asked, 3),
            ]
        )
        return [
            _would_be(_silenced(decision, proposal.dismissed_at), word.decode(), *of_pair)
            for (decision,), (word,), of_pair, proposal in zip(
                held, refused, pair_states, proposals, strict=True
            )
        ]

    async def confirm(self, published: Sequence[Claim], now: float) -> list[Claim]:
        """Notes alerts as published, and as unjudged those of the banned account's shard.

        Returns those of other shards whose claim still holds.
        """
        addresses = self._shards.addresses
        alerts = [addresses.alert(claim.alert_id) for claim in published]
        banned = [addresses.account(claim.banned) for claim in published]
        here = [
            self._shards.of(alert) == self._shards.of(ban) for alert, ban in zip(alerts, banned, strict=True)
        ]
        items = [
            (alert.raw, addresses.claim(claim.claimant).hex(), claim.revision, int(beside))
            for claim, alert, beside in zip(published, alerts, here, strict=True)
        ]
        answers = await self._shards.ask("confirm", banned, (self._seconds, repr(now)), items)
        return [
            claim
            for claim, beside, (stands,) in zip(published, here, answers, strict=True)
            if stands and not beside
        ]

    async def reopen(self, alerts: Sequence[OpenAlert], now: float) -> None:
        """Reopens each alert that a verdict withdrew; checks before and after whether it may be open."""
        suspects = [(alert, alert.revision) for alert in alerts if alert.open]
        gone = [alert for alert in alerts if alert.withdrawn == "verdict"]
        refused = await self._refused(gone, now) if gone else []
        allowed = [alert for alert, why in zip(gone, refused, strict=True) if not why]
        suspects += await self.revise(allowed, now)
        again = await self._refused([alert for alert, _ in suspects], now, noted=True) if suspects else []
        for (suspect, revision), why in zip(suspects, again, strict=True):
            if why in WITHDRAWN_FOR:
                await self._withdraw([(suspect.alert_id, suspect.banned, revision)], WITHDRAWN_FOR[why], now)

    async def revise(self, allowed: Sequence[OpenAlert], now: float) -> list[tuple[OpenAlert, int]]:
        """Opens alerts, or revises open ones; returns those that stood as given, with their new revisions."""
        addresses = self._shards.addresses
        banned = [addresses.account(alert.banned) for alert in allowed]
        items = [
            (
                digest.raw,
                addresses.alert(alert.alert_id).raw,
                alert.revision,
                band_rank(alert.band),
                int(alert.open),
                _words_of(alert),
            )
            for digest, alert in zip(banned, allowed, strict=True)
        ]
        head = (repr(now), self._seconds, self._shards.layout.bans.maps)
        opened = await self._shards.ask("reopen", banned, head, items)
        return [(alert, revision) for alert, (revision,) in zip(allowed, opened, strict=True) if revision]

    async def recall(self, alerts: Sequence[OpenAlert], now: float) -> list[bool]:
        """Takes back alerts that the store does not know under that revision or a later one."""
        if not alerts:
            return []
        addresses = self._shards.addresses
        # A summary is about the banned account itself: its ban does not forbid it.
        about = [alert for alert in alerts if not alert.sums_up]
        if about:
            await self._refused(about, now, noted=True)
        banned = [addresses.account(alert.banned) for alert in alerts]
        items = [
            (
                digest.raw,
                addresses.alert(alert.alert_id).raw,
                alert.revision,
                band_rank(alert.band) if alert.open else -1,
                _words_of(alert, alert.withdrawn or ""),
            )
            for digest, alert in zip(banned, alerts, strict=True)
        ]
        head = (repr(now), self._seconds, self._shards.layout.bans.maps)
        are_new = [bool(taken) for (taken,) in await self._shards.ask("recall", banned, head, items)]
        taken = {alert.alert_id for alert, is_new in zip(alerts, are_new, strict=True) if is_new}
        suspects = [alert for alert in about if alert.alert_id in taken]
        again = await self._refused(suspects, now, noted=True) if suspects else []
        for suspect, why in zip(suspects, again, strict=True):
            if why in WITHDRAWN_FOR:
                await self.withdraw([suspect], WITHDRAWN_FOR[why], now)
        await self.release([alert for alert in about if alert.alert_id not in taken])
        return are_new

    async def release(self, alerts: Sequence[OpenAlert | ConfirmedEntry]) -> None:
        """Lets go of where alerts lie, and of whom they are about, unless they are open or known."""
        addresses = self._shards.addresses
        placed = [
            (entry, addresses.alert(entry.alert_id), addresses.account(entry.banned))
            for entry in alerts
            if entry.account
        ]
        places = [(banned, alert.raw) for _, alert, banned in placed]
        known = await self._read(places) if placed else []
        gone = [place for place, still in zip(placed, known, strict=True) if still is None]
        if not gone:
            return
        about = [addresses.account(entry.account) for entry, _, _ in gone]
        pairs = [
            (b"a", account.raw, alert.raw + banned.raw)
            for account, (_, alert, banned) in zip(about, gone, strict=True)
        ]
        ids = [alert for _, alert, _ in gone]
        await self._shards.scatter(
            "release", ids, (self._seconds,), [(b"l", alert.raw, b"") for alert in ids]
        )
        await self._shards.scatter("release", about, (self._seconds,), pairs)
        back = await self._read([(banned, alert.raw) for _, alert, banned in gone])
        if noted := [again for again in back if again is not None]:  # proposed again meanwhile
            await self._refused(noted, noted[0].seen_at, noted=True)

    async def decide(self, decisions: Sequence[Decision]) -> list[Decided]:
        """Notes decisions. No cap and no expiry: people make them, and each pair keeps one."""
        addresses = self._shards.addresses
        digests = [addresses.alert(decision.alert_id) for decision in decisions]
        # Packs a decision so that the later of two is the greater, byte by byte; moments are never negative.
        items = [
            (
                digest.raw,
                struct.pack(">d", max(0.0, decision.decided_at))
                + addresses.claim(decision.identity)
                + decision.verdict[:1].encode(),
            )
            for digest, decision in zip(digests, decisions, strict=True)
        ]
        answers = await self._shards.ask("decide", digests, (), items, 2)
        return [_decision(raw, new=bool(new)) for new, raw in answers]

    async def decided(self, alert_ids: Sequence[str]) -> list[Decided | None]:
        digests = [self._shards.addresses.alert(alert_id) for alert_id in alert_ids]
        answers = await self._shards.ask("held", digests, (), [(digest.raw,) for digest in digests])
        return [_decision(raw, new=False) if raw else None for (raw,) in answers]

    async def show(self, shown: Sequence[Shown]) -> None:
        of_accounts = [(self._shards.addresses.account(it.account), it.alert_id, it.lines) for it in shown]
        of_bans = [(self._shards.addresses.account(it.banned), it.alert_id, it.reasons) for it in shown]
        await both(
            self._note("q:", DIGEST_BYTES, OPEN_ALERTS_A_BAN, of_accounts),
            self._note("i:", TAG_BYTES, CLEARED_A_BAN, of_bans),
        )

    async def _note(
        self, prefix: str, length: int, most: int, notes: Sequence[tuple[Digest, str, tuple[object, ...]]]
    ) -> None:
        items = [
            (digest.raw[:length], alert_id, msgspec.msgpack.encode(noted) if noted else b"")
            for digest, alert_id, noted in notes
        ]
        await self._shards.scatter("show", [digest for digest, *_ in notes], (prefix, most), items)

    async def shown(self, accounts: Sequence[str]) -> list[dict[str, tuple[ShownLine, ...]]]:
        digests = [self._shards.addresses.account(account) for account in accounts]
        answers = await self._shards.ask("shown", digests, (), [(digest.raw,) for digest in digests])
        return [
            {of.decode(): _LINES.decode(lines) for of, lines in zip(raw[::2], raw[1::2], strict=True)}
            for (raw,) in answers
        ]

    async def by_id(self, alert_ids: Sequence[str]) -> list[OpenAlert | None]:
        digests = [self._shards.addresses.alert(alert_id) for alert_id in alert_ids]
        where = await together(
            [self._shards.client.command("GET", self._shards.key("l", digest)) for digest in digests]
        )
        known = [at for at, raw in enumerate(where) if raw]
        read = await self._read([(Digest(where[at]), digests[at].raw) for at in known])
        alerts: list[OpenAlert | None] = [None] * len(alert_ids)
        for at, alert in zip(known, read, strict=True):
            alerts[at] = alert
        return alerts

    async def withheld(self, banned: Sequence[str]) -> list[bool]:
        digests = [self._shards.addresses.account(account) for account in banned]
        counts = await together(
            [
                self._shards.client.command(
                    "EXISTS", self._shards.key("h1", digest), self._shards.key("h2", digest)
                )
                for digest in digests
            ]
        )
        return [bool(count) for count in counts]

    async def about(
        self, accounts: Sequence[str], how: Literal["about", "on"] = "about"
    ) -> list[list[OpenAlert]]:
        """The alerts about accounts, or on their bans, by alert id."""
        pairs = await self._pairs_about(accounts, how)
        flat = [(Digest(pair[DIGEST_BYTES:]), pair[:DIGEST_BYTES]) for several in pairs for pair in several]
        read = iter(await self._read(flat))
        alerts = [[alert for alert in islice(read, len(several)) if alert is not None] for several in pairs]
        return [sorted(several, key=lambda alert: alert.alert_id) for several in alerts]

    async def uncount(self, accounts: Sequence[str], now: float) -> None:
        pairs = [pair for several in await self._pairs_about(accounts) for pair in several]
        banned = [Digest(pair[DIGEST_BYTES:]) for pair in pairs]
        items = [(digest.raw, pair[:DIGEST_BYTES]) for digest, pair in zip(banned, pairs, strict=True)]
        await self._shards.scatter("uncount", banned, (repr(now), self._seconds), items)

    async def _pairs_about(self, accounts: Sequence[str], how: str = "about") -> list[list[bytes]]:
        """The pairs that were proposed about accounts or on their bans, as digests: of alert, then ban."""
        digests = [self._shards.addresses.account(account) for account in accounts]
        pairs: list[list[bytes]] = [[] for _ in accounts]
        items = [(digest.raw,) for digest in digests]
        for _, places, answer in await self._shards.scatter("about", digests, (how,), items):
            rest = iter(answer)
            for at in places:
                pairs[at] = list(islice(rest, next(rest)))
        return pairs

    async def _read(self, pairs: Sequence[tuple[Digest, bytes]]) -> list[OpenAlert | None]:
        """Alerts by pairs of digests: of the ban, and of the alert."""
        items = [(banned.raw, alert) for banned, alert in pairs]
        answers = await self._shards.ask("pairs", [banned for banned, _ in pairs], (), items, 2)
        return [_read(raw, how.decode()) if raw else None for how, raw in answers]

    async def withdraw(self, alerts: Sequence[OpenAlert], reason: WithdrawnReason, now: float) -> None:
        """Withdraws each alert that is open under its revision, or known if it is to be forgotten."""
        pairs = [(alert.alert_id, alert.banned, alert.revision if alert.open else 0) for alert in alerts]
        words = [_words_of(alert) for alert in alerts] if reason == "superseded" else None
        await self._withdraw(pairs, reason, now, words)

    async def _withdraw(
        self,
        pairs: Sequence[tuple[str, str, int]],
        reason: WithdrawnReason,
        now: float,
        words: Sequence[bytes] | None = None,
    ) -> None:
        """``words``: what replaces each alert as it is stored."""
        addresses = self._shards.addresses
        banned = [addresses.account(account) for _, account, _ in pairs]
        items = [
            (digest.raw, addresses.alert(alert).raw, revision, replaced)
            for digest, (alert, _, revision), replaced in zip(
                banned, pairs, words or [b""] * len(pairs), strict=True
            )
        ]
        await self._shards.scatter("withdraw", banned, (repr(now), self._seconds, reason), items)


def _would_be(silenced: bool, refused: str, is_open: int, open_alerts: int, revision: int) -> Ruled:
    """The ruling, checked in the same order as :meth:`Alerts.propose` does."""
    if silenced:
        return Ruled(Ruling.SUPPRESSED, 0)
    if refused and Ruling(refused) is not Ruling.WITHHELD:
        return Ruled(Ruling(refused), 0)
    if is_open < 0:
        return Ruled(Ruling.NOT_BANNED, 0)
    if not is_open and (refused or open_alerts >= OPEN_ALERTS_A_BAN):
        return Ruled(Ruling.WITHHELD, 0)
    return Ruled(Ruling.PUBLISH, revision)


def packed_alert(alert: OpenAlert) -> bytes:
    """An alert as Redis keeps it, its revision first."""
    return alert.revision.to_bytes(4, "big") + _words_of(alert, alert.withdrawn or "")


def _words_of(alert: OpenAlert, withdrawn: str = "") -> bytes:
    return msgspec.msgpack.encode(
        _Words(
            alert.alert_id,
            alert.account,
            alert.banned,
            alert.band,
            zlib.compress(alert.payload) if withdrawn else alert.payload,
            alert.seen_at,
            withdrawn,
            alert.dismissed_at,
        )
    )


def _read(raw: bytes, how: str = "open") -> OpenAlert:
    """Reads an alert. ``how``: ``open``, the reason of a withdrawal yet to be published, or ``known``."""
    alert = read_published(raw[4:], int.from_bytes(raw[:4], "big"))
    if how in ("open", "known"):
        return alert
    return replace(alert, open=False, withdrawn=cast(WithdrawnReason, how))


def _silenced(decision: bytes, dismissed_at: float) -> bool:
    known = _decision(decision, new=False) if decision else None
    return known is not None and known.verdict == "not_mirror" and known.decided_at > dismissed_at


def _decision(raw: bytes, *, new: bool) -> Decided:
    return Decided(_VERDICTS[raw[16:17]], struct.unpack_from(">d", raw)[0], new)


def read_published(words: bytes, revision: int) -> OpenAlert:
    """An alert as it was last published, under that revision."""
    stored = msgspec.msgpack.decode(words, type=_Words)
    alert = OpenAlert(
        stored.alert_id,
        stored.account,
        stored.banned,
        stored.band,
        revision,
        stored.payload,
        stored.seen_at,
        dismissed_at=stored.dismissed_at,
    )
    if not stored.withdrawn:
        return alert
    payload, reason = zlib.decompress(stored.payload), cast(WithdrawnReason, stored.withdrawn)
    return replace(alert, payload=payload, open=False, withdrawn=reason)
