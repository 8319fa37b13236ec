"""The reference store: dictionaries in one process, for tests and for scoring files without servers.

It returns exactly what the Redis store returns, down to caps and ties; it leaves out only what merely saves
memory (deleting expired markers, approximate counts).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from samehand.fingerprint.distil import unpack
from samehand.frequency.rates import Frequencies
from samehand.keys import KeyKind
from samehand.lineage import Descent, founder
from samehand.showings import Showings
from schemas.alerts import WithdrawnReason
from schemas.revisions import next_revision
from schemas.verdicts import Verdict
from schemas.waves import WaveReason
from store.base import (
    ALONE,
    Ban,
    BanFacts,
    Candidate,
    Claim,
    Companions,
    Company,
    ConfirmedEntry,
    Decided,
    Decision,
    Enrolled,
    Gathering,
    Member,
    OpenAlert,
    Owed,
    OwedWave,
    Proposal,
    Query,
    Remembered,
    RememberedFacts,
    Ruled,
    Ruling,
    Shown,
    ShownLine,
    StoreFacts,
    SummaryCounts,
    Wave,
)
from store.bounds import Bounds
from store.common.alert_dedup import (
    KNOWN_ON,
    WITHDRAWN_FOR,
    Marker,
    band_rank,
    claimed,
    confirmed,
    reopened,
    ruled,
    withdrawn,
)
from store.common.counted_values import counted
from store.common.crowd import by_kind, naming_keys, not_considered
from store.common.key_digests import Addresses
from store.common.records import (
    ban_quote,
    frame_of,
    read_ban_quote,
    read_frame,
    read_remembered,
    read_remembered_quote,
    remembered_quote,
    with_former,
)
from store.limits import (
    AWAITING_MAX,
    CLEARED_A_BAN,
    COUNTED_A_BAN,
    DELETION_MARKER_SECONDS,
    OPEN_ALERTS_A_BAN,
    OWED_AT_ONCE,
    RELAY_SECONDS,
    REMEMBERED_AT_ONCE,
    SUMMARY_SECONDS,
    SWEEP_AT_ONCE,
)
from store.memory.counts import Counts
from store.memory.index import Index, IndexEntry, ranked
from store.memory.remembered import Generation, RememberedInMemory
from store.memory.waves import WavesInMemory


@dataclass(slots=True)
class MemoryStore:
    bounds: Bounds = field(default_factory=Bounds)
    identity: bytes = b""
    _addresses: Addresses = field(init=False)
    _index: Index = field(init=False)
    _remembered: RememberedInMemory = field(init=False)
    _counts: Counts = field(init=False)
    _waves: WavesInMemory = field(init=False)
    _reinstated: dict[str, tuple[float, float]] = field(default_factory=dict)  # occurred_at, until
    _deleted: dict[str, tuple[float, float]] = field(default_factory=dict)
    _founders: dict[bytes, str] = field(default_factory=dict)
    _descents: dict[str, dict[bytes, tuple[float, bytes, int]]] = field(default_factory=dict)  # by alert
    _joined: dict[str, str] = field(default_factory=dict)  # by alert, the account that joined a family by it
    _markers: dict[tuple[str, str], Marker] = field(default_factory=dict)
    _open: dict[str, dict[str, OpenAlert]] = field(default_factory=dict)
    _where: dict[str, str] = field(default_factory=dict)
    _about: dict[str, dict[str, None]] = field(default_factory=dict)  # alerts by their account
    _known: dict[str, dict[str, OpenAlert]] = field(default_factory=dict)  # withdrawn, by ban and alert
    _withheld: dict[str, dict[str, int]] = field(default_factory=dict)  # by ban and alert: the band's rank
    _summed_up: dict[str, float] = field(default_factory=dict)  # bans, until when their summary is not due
    _owed: dict[str, Owed] = field(default_factory=dict)  # by alert, the oldest first
    _relay: tuple[str, float] = ("", 0.0)  # who publishes what is owed, and until when only they may
    _decided: dict[str, tuple[float, bytes, Verdict]] = field(default_factory=dict)  # by alert
    _shown: dict[str, dict[str, tuple[ShownLine, ...]]] = field(default_factory=dict)  # by account
    _cleared: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)  # by banned account
    _awaiting: dict[str, float] = field(default_factory=dict)  # published and not judged, since when

    def __post_init__(self) -> None:
        self._addresses = Addresses(self.identity)
        self._index = Index(of_bans=True)
        self._remembered = RememberedInMemory(self.bounds.retention_seconds, self.bounds.remembered_bytes)
        self._waves = WavesInMemory(self._addresses, self.bounds.retention_seconds)
        self._counts = Counts(
            self.bounds.freeze_seconds, self.bounds.lag_seconds, lambda: len(self._index.entries)
        )

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def ready(self) -> str | None:
        return None

    async def history(self) -> str:
        """Always the same, since there are no servers."""
        return "memory"

    async def behind(self) -> dict[str, dict[int, int]]:
        """Nothing: nobody filled it beside another store."""
        return {}

    async def caught_up(self, topic: str) -> None:
        """Nothing to do: it is never behind."""

    def adopt(self, epoch: str) -> None:
        """Nothing to do: nothing outlives this process."""

    # bans
    async def enrol(self, bans: Sequence[Ban], *, now: float) -> list[Enrolled]:
        for ban in bans:
            if not _over(ban.facts, now):
                self._note_founder(ban.facts.descent, ban.account, now)
        return [self._enrol(ban, now) for ban in bans]

    def _enrol(self, ban: Ban, now: float) -> Enrolled:
        facts, index = ban.facts, self._index
        known = index.entries.get(ban.account)
        if _over(facts, now):
            self._expunge_ban(ban.account, facts.occurred_at, now, "ban-expired")
            return Enrolled.EXPIRED
        if _later(self._reinstated.get(ban.account), facts.occurred_at, now) or (
            known is not None and _occurred_at(known) > facts.occurred_at
        ):
            return Enrolled.SUPERSEDED
        tag = self._addresses.account(ban.account).tag
        root = None if ban.facts.descent == founder(ban.account) else self._root(ban.facts.descent.root_id)
        entry = IndexEntry(
            ban.account, frame_of(tag, ban.fingerprints, ban.facts.expires_at), ban_quote(ban.facts, root)
        )
        if known == entry:
            return Enrolled.UNCHANGED
        index.put(entry)
        return Enrolled.NEW if known is None else Enrolled.CHANGED

    async def expunge(
        self, accounts: Sequence[tuple[str, float]], *, now: float, reason: WithdrawnReason = "reinstated"
    ) -> list[bool]:
        expunged: list[bool] = []
        for account, occurred_at in accounts:
            entry = self._index.entries.get(account)
            if entry is not None and _occurred_at(entry) > occurred_at:
                expunged.append(False)
                continue
            expunged.append(entry is not None or self._remembered.find(account, now) is not None)
            self._expunge_ban(account, occurred_at, now, reason)
            self._remembered.remove(account)
            self._descents.pop(account, None)
            self._founders.pop(self._root(account), None)
        return expunged

    def _expunge_ban(self, account: str, occurred_at: float, now: float, reason: WithdrawnReason) -> None:
        entry = self._index.entries.get(account)
        if entry is not None and _occurred_at(entry) > occurred_at:
            return
        self._take_out(account)
        self._withdraw_all(account, reason, now)
        marked = self._reinstated.get(account)
        latest = max(marked[0], occurred_at) if marked and marked[1] > now else occurred_at
        self._reinstated[account] = (latest, now + self.bounds.dedup_seconds)

    def _take_out(self, account: str) -> None:
        self._index.remove(account)
        self._cleared.pop(account, None)

    async def bans(self, accounts: Sequence[str], *, now: float | None = None) -> list[Ban | None]:
        return [self._ban(account, now) for account in accounts]

    def _ban(self, account: str, now: float | None) -> Ban | None:
        entry = self._index.entries.get(account)
        if entry is None:
            return None
        frame = read_frame(entry.frame)
        if now is not None and frame.expired(now):
            return None
        quote = read_ban_quote(entry.quote)
        facts = quote.resolved(self._founders.get(quote.root) if quote.root else None)
        return Ban(
            account=account,
            facts=replace(
                facts, cleared=Counter(chain.from_iterable(self._cleared.get(account, {}).values()))
            ),
            fingerprints=tuple(unpack(record) for record in frame.records),
        )

    async def sweep(self, *, now: float) -> int:
        known = [
            (alert_id, at) for alert_id, at in self._awaiting.items() if at > now - self.bounds.dedup_seconds
        ]
        self._awaiting = dict(known[-AWAITING_MAX:])
        self._waves.sweep(now)
        gone = [
            entry.account for entry in self._index.entries.values() if read_frame(entry.frame).expired(now)
        ][:SWEEP_AT_ONCE]
        for account in gone:
            self._take_out(account)
            self._withdraw_all(account, "ban-expired", now)
        return len(gone)

    async def bans_like(
        self, queries: Sequence[Query], *, now: float, keep: int = 64
    ) -> list[list[Candidate]]:
        return [ranked([self._index], query, keep, now, str) for query in queries]

    async def facts(self, refs: Sequence[str]) -> list[BanFacts | None]:
        """What alerts quote; a ``ref`` is the account key."""
        bans = await self.bans(refs)
        return [ban.facts if ban else None for ban in bans]

    # remembered accounts
    async def remember(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        shown: list[Showings] = []
        for at in range(0, len(accounts), REMEMBERED_AT_ONCE):
            generation = self._remembered.opened(now)
            some = accounts[at : at + REMEMBERED_AT_ONCE]
            shown += [self._remember(account, generation, now) for account in some]
            self._remembered.evict()
        return shown

    def _remember(self, account: Remembered, generation: Generation, now: float) -> Showings:
        if _later(self._deleted.get(account.account), account.seen_at, now):
            return account.shown
        digest = self._addresses.account(account.account)
        frame = frame_of(digest.tag, account.fingerprints, now + self.bounds.retention_seconds)
        account = self._with_former(account, now)
        entry = IndexEntry(account.account, frame, remembered_quote(account))
        if self._remembered.put(entry, generation, now) and self._banned(account.account, now) is None:
            first = account.fingerprints[0]
            sighting = counted(first, digest.raw)
            platform = account.platform if account.signs_up else ""
            self._counts.add(sighting, first.stratum, account.seen_at, now, signs_up_at=platform)
        return account.shown

    async def remember_then_look(
        self,
        accounts: Sequence[Remembered],
        queries: Sequence[Query],
        *,
        now: float,
        keep: int = 64,
        notes: bool = True,
    ) -> tuple[list[Showings], list[list[Candidate]], list[Companions]]:
        shown = await self.remember(accounts, now=now)
        if not notes:
            return shown, await self.bans_like(queries, now=now, keep=keep), [ALONE] * len(accounts)
        noted = [self._waves.note(account) for account in accounts]
        companions: list[Companions] = []
        for account, (wave_id, others) in zip(accounts, noted, strict=True):
            own, *read = await self.remembered([account.account, *others], now=now)
            there = [other for other in read if other is not None]
            members = frozenset(other.account for other in there if self._waves.wave_of(other.account))
            companions.append(Companions(wave_id) if own is None else Companions(wave_id, there, members))
        return shown, await self.bans_like(queries, now=now, keep=keep), companions

    async def showings(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        return [self._with_former(account, now).shown for account in accounts]

    def _with_former(self, account: Remembered, now: float) -> Remembered:
        former = self._remembered.find(account.account, now)
        if former is None or read_remembered_quote(former.quote).seen_at > account.seen_at:
            return account
        return with_former(account, former.frame, former.quote)

    async def remembered(self, accounts: Sequence[str], *, now: float) -> list[Remembered | None]:
        entries = [self._remembered.find(account, now) for account in accounts]
        return [read_remembered(entry.frame, entry.quote) if entry else None for entry in entries]

    async def forget(self, accounts: Sequence[tuple[str, float]], *, now: float) -> list[bool]:
        forgotten: list[bool] = []
        for account, at in accounts:
            marked = self._deleted.get(account)
            latest = max(marked[0], at) if marked and marked[1] > now else at
            self._deleted[account] = (latest, now + DELETION_MARKER_SECONDS)
            entry = self._remembered.find(account, now)
            if entry is not None and read_remembered_quote(entry.quote).seen_at > at:
                forgotten.append(False)
                continue
            self._remembered.remove(account)
            self._shown[account] = dict.fromkeys(self._shown.get(account, {}), ())
            forgotten.append(entry is not None)
        return forgotten

    async def remembered_like(
        self, queries: Sequence[Query], *, now: float, keep: int = 256
    ) -> list[list[Candidate]]:
        indexes = [generation.index for generation in self._remembered.live(now)]
        return [ranked(indexes, query, keep, now, str) for query in queries]

    async def turned_away(self, queries: Sequence[Query], *, now: float) -> list[dict[KeyKind, int]]:
        indexes = [generation.index for generation in self._remembered.live(now)]
        return [
            by_kind(
                (key, sum(not_considered(key, len(index.postings.get(key, ()))) for index in indexes))
                for key in naming_keys(query.keys)
            )
            for query in queries
        ]

    async def remembered_facts(self, refs: Sequence[str]) -> list[RememberedFacts | None]:
        """What alerts quote of remembered candidates; a ``ref`` is the account key."""
        known = [generation.index.entries for generation in self._remembered.generations]
        entries = [next((several[ref] for several in known if ref in several), None) for ref in refs]
        return [read_remembered_quote(entry.quote) if entry else None for entry in entries]

    # pairs
    async def propose(self, proposals: Sequence[Proposal], *, now: float) -> list[Ruled]:
        rulings: list[Ruled] = []
        for proposal in proposals:
            rulings.append(self._ruled(proposal, now))
            if rulings[-1].ruling is Ruling.WITHHELD:
                counted, rank = self._withheld.setdefault(proposal.banned, {}), band_rank(proposal.band)
                known = proposal.alert_id in counted
                if counted.get(proposal.alert_id) != rank and (known or len(counted) < COUNTED_A_BAN):
                    counted[proposal.alert_id] = rank
                    self._sum_up(proposal, now)
        return rulings

    def _ruled(self, proposal: Proposal, now: float) -> Ruled:
        refused = self._refused(proposal, now)
        if refused is not None:
            open_ = self._open.get(proposal.banned, {}).get(proposal.alert_id)
            if open_ is not None and (why := self._forbidden(open_, now)) is not None:
                self._withdraw(open_, WITHDRAWN_FOR[why], now)
            return Ruled(refused, 0)
        if self._banned(proposal.banned, now) is None:
            return Ruled(Ruling.NOT_BANNED, 0)
        at = (proposal.alert_id, proposal.banned)
        claim = self._addresses.claim(proposal.claimant)
        is_open = proposal.alert_id in self._open.get(proposal.banned, {})
        ruling, marker = ruled(
            self._markers.get(at), band_rank(proposal.band), claim, now, again_only=proposal.again_only
        )
        if marker is None and not (proposal.again_only and proposal.counted):
            return ruling
        if not is_open and (marker is None or self._is_full(proposal)):
            return Ruled(Ruling.WITHHELD, 0)
        if marker is not None:
            self._markers[at] = marker
            self._note(proposal, ruling.revision, now)
        return ruling

    def _is_full(self, proposal: Proposal) -> bool:
        """Returns whether the account or the ban has as many open alerts as it may, besides the ban's
        summary.
        """
        about = self._about.get(proposal.account, {})
        open_alerts = self._open.get(proposal.banned, {})
        summed_up = proposal.summary is not None and proposal.summary.alert_id in open_alerts
        return proposal.alert_id not in about or len(open_alerts) - summed_up >= OPEN_ALERTS_A_BAN

    def _sum_up(self, proposal: Proposal, now: float) -> None:
        """The counts of a ban have changed: its summary is owed under its next revision."""
        if proposal.summary is None:
            return
        alert_id, payload = proposal.summary
        self._owe_summary(alert_id, proposal.banned, payload, now)

    def _sum_up_again(self, banned: str, now: float) -> None:
        """The same for a ban that has a summary already."""
        for alert in self._open.get(banned, {}).values():
            if alert.account == banned:
                self._owe_summary(alert.alert_id, banned, alert.payload, now)
                return

    def _owe_summary(self, alert_id: str, banned: str, payload: bytes, now: float) -> None:
        open_alerts, at = self._open.setdefault(banned, {}), (alert_id, banned)
        known = self._markers.get(at)
        published = open_alerts[alert_id].revision if alert_id in open_alerts else 0
        revision = next_revision(max(known.revision if known else 0, published), now)
        self._markers[at] = Marker(revision, 0, 0, b"", 0.0)
        alert = OpenAlert(alert_id, banned, banned, "none", revision, payload, 0.0)
        open_alerts[alert_id] = alert
        self._owed.pop(alert_id, None)
        self._owed[alert_id] = Owed(alert, revision, None, now)

    async def rulings(self, proposals: Sequence[Proposal], *, now: float) -> list[Ruled]:
        return [self._ruling(proposal, now) for proposal in proposals]

    def _ruling(self, proposal: Proposal, now: float) -> Ruled:
        if (forbidden := self._forbidden(proposal, now)) is not None:
            return Ruled(forbidden, 0)
        if self._banned(proposal.banned, now) is None:
            return Ruled(Ruling.NOT_BANNED, 0)
        open_alerts, about = self._open.get(proposal.banned, {}), self._about.get(proposal.account, {})
        is_open = proposal.alert_id in open_alerts
        crowded = proposal.alert_id not in about and len(about) >= OPEN_ALERTS_A_BAN
        summed_up = proposal.summary is not None and proposal.summary.alert_id in open_alerts
        if not is_open and (crowded or len(open_alerts) - summed_up >= OPEN_ALERTS_A_BAN):
            return Ruled(Ruling.WITHHELD, 0)
        marker = self._markers.get((proposal.alert_id, proposal.banned))
        stands = marker is not None and is_open and band_rank(proposal.band) <= marker.noted
        known = marker.revision if marker else 0
        return Ruled(Ruling.PUBLISH, known if stands else next_revision(known, now))

    def _forbidden(self, proposal: Proposal | OpenAlert, now: float) -> Ruling | None:
        known = self._decided.get(proposal.alert_id)
        if known is not None and known[2] == "not_mirror" and known[0] > proposal.dismissed_at:
            return Ruling.SUPPRESSED
        if self._banned(proposal.account, now) is not None:
            return Ruling.ACCOUNT_BANNED
        if _later(self._deleted.get(proposal.account), proposal.seen_at, now):
            return Ruling.ACCOUNT_DELETED
        return None

    def _refused(self, proposal: Proposal | OpenAlert, now: float) -> Ruling | None:
        forbidden = self._forbidden(proposal, now)
        if forbidden is not Ruling.SUPPRESSED:
            self._where[proposal.alert_id] = proposal.banned
        if forbidden is not None:
            return forbidden
        about = self._about.setdefault(proposal.account, {})
        if len(about) < OPEN_ALERTS_A_BAN:
            about[proposal.alert_id] = None
        return None

    def _note(self, proposal: Proposal, revision: int, now: float) -> None:
        noted = self._open.setdefault(proposal.banned, {})
        new = noted.pop(proposal.alert_id, None) is None
        noted[proposal.alert_id] = OpenAlert(
            proposal.alert_id,
            proposal.account,
            proposal.banned,
            proposal.band,
            revision,
            proposal.payload,
            proposal.seen_at,
            dismissed_at=proposal.dismissed_at,
        )
        self._know_no_more(proposal.banned, proposal.alert_id)
        if self._owed.pop(proposal.alert_id, None) is not None:
            self._owed[proposal.alert_id] = Owed(noted[proposal.alert_id], revision, None, now)
        if self._withheld.get(proposal.banned, {}).pop(proposal.alert_id, None) is not None:
            self._sum_up(proposal, now)
        elif new and self._withheld.get(proposal.banned):
            self._sum_up_again(proposal.banned, now)

    def _withdraw_all(self, banned: str, reason: WithdrawnReason, now: float) -> None:
        self._withheld.pop(banned, None)
        for alert in list(self._open.get(banned, {}).values()):
            self._withdraw(alert, reason, now)
        for alert in self._known.pop(banned, {}).values():
            self._owe_withdrawal(alert, reason, now)

    def _withdraw(self, alert: OpenAlert, reason: WithdrawnReason, now: float) -> None:
        del self._open[alert.banned][alert.alert_id]
        self._owe_withdrawal(alert, reason, now)
        if self._withheld.get(alert.banned):
            self._sum_up_again(alert.banned, now)

    def _owe_withdrawal(self, alert: OpenAlert, reason: WithdrawnReason, now: float) -> None:
        at = (alert.alert_id, alert.banned)
        marker = withdrawn(self._markers.get(at), alert.revision, now)
        self._markers[at] = marker
        self._owed.pop(alert.alert_id, None)
        taken_back = replace(alert, revision=marker.revision)
        self._owed[alert.alert_id] = Owed(taken_back, marker.revision, reason, now)
        if reason in KNOWN_ON:
            self._known.setdefault(alert.banned, {})[alert.alert_id] = taken_back

    def _know_no_more(self, banned: str, alert_id: str) -> OpenAlert | None:
        return self._known.get(banned, {}).pop(alert_id, None)

    async def confirm(self, published: Sequence[Claim], *, now: float) -> None:
        for alert_id, banned, claimant, revision in published:
            marker, claim = self._markers.get((alert_id, banned)), self._addresses.claim(claimant)
            if marker is not None and claimed(marker, claim, revision):
                self._markers[alert_id, banned] = confirmed(marker)
                self._awaiting.setdefault(alert_id, now)

    async def alerts_on(self, banned: Sequence[str]) -> list[list[OpenAlert]]:
        ids = [sorted({*self._open.get(ban, {}), *self._known.get(ban, {})}) for ban in banned]
        return [
            [alert for alert_id in several if (alert := self._pair_on(ban, alert_id))]
            for ban, several in zip(banned, ids, strict=True)
        ]

    async def owed(self, holder: str, *, now: float) -> list[Owed]:
        held_by, until = self._relay
        if not self._owed:
            return []
        if held_by not in ("", holder) and now < until:
            return []
        self._relay = (holder, now + RELAY_SECONDS)
        owed = sorted(self._owed.values(), key=lambda entry: entry.at)
        due = [
            entry
            for entry in owed
            if not _sums_up(entry) or self._summed_up.get(entry.alert.banned, now) <= now
        ]
        return [self._with_counts(entry) for entry in due[:OWED_AT_ONCE]]

    def _with_counts(self, owed: Owed) -> Owed:
        if not _sums_up(owed):
            return owed
        banned = owed.alert.banned
        bands = list(self._withheld.get(banned, {}).values())
        likely = bands.count(band_rank("likely"))
        return replace(owed, counts=SummaryCounts(len(self._open[banned]) - 1, likely, len(bands) - likely))

    async def settle(self, published: Sequence[ConfirmedEntry]) -> None:
        for entry in published:
            owed = self._owed.get(entry.alert_id)
            if owed is not None and owed.revision == entry.revision:
                del self._owed[entry.alert_id]
                self._know_no_more(entry.banned, entry.alert_id)
                if entry.known is not None:
                    known, alert = self._known.setdefault(entry.banned, {}), replace(entry.known, open=False)
                    if len(known) < OPEN_ALERTS_A_BAN:
                        known[entry.alert_id] = alert
                    else:
                        self._owed[entry.alert_id] = Owed(
                            alert, alert.revision, None, owed.at, forgotten=True
                        )
                if _sums_up(owed):
                    self._summed_up[entry.banned] = owed.at + SUMMARY_SECONDS
                if not entry.is_open:
                    self._awaiting.pop(entry.alert_id, None)

    async def withheld(self, banned: Sequence[str]) -> list[bool]:
        return [bool(self._withheld.get(account)) for account in banned]

    async def uncount(self, accounts: Sequence[str], *, now: float) -> None:
        for account in accounts:
            for alert_id in self._about.get(account, {}):
                banned = self._where.get(alert_id, "")
                if self._withheld.get(banned, {}).pop(alert_id, None) is not None:
                    self._sum_up_again(banned, now)

    async def alerts_about(self, accounts: Sequence[str]) -> list[list[OpenAlert]]:
        alerts = [await self.pairs(list(self._about.get(account, {}))) for account in accounts]
        return [sorted(filter(None, several), key=lambda alert: alert.alert_id) for several in alerts]

    async def withdraw(self, alerts: Sequence[OpenAlert], *, reason: WithdrawnReason, now: float) -> None:
        for alert in alerts:
            open_ = self._open.get(alert.banned, {}).get(alert.alert_id)
            if alert.open and open_ is not None and open_.revision == alert.revision:
                self._withdraw(alert if reason == "superseded" else open_, reason, now)
            elif reason not in KNOWN_ON:
                known = self._know_no_more(alert.banned, alert.alert_id)
                if known is not None:
                    self._owe_withdrawal(known, reason, now)

    async def recall(self, alerts: Sequence[OpenAlert], *, now: float) -> list[bool]:
        return [await self._recall(alert, now) for alert in alerts]

    async def _recall(self, alert: OpenAlert, now: float) -> bool:
        at, open_alerts = (alert.alert_id, alert.banned), self._open.setdefault(alert.banned, {})
        marker = self._markers.get(at)
        if marker is not None and marker.revision >= alert.revision:
            return False
        self._know_no_more(alert.banned, alert.alert_id)
        self._owed.pop(alert.alert_id, None)
        open_alerts.pop(alert.alert_id, None)
        if not alert.sums_up:
            self._where[alert.alert_id] = alert.banned
            self._about.setdefault(alert.account, {})[alert.alert_id] = None
        rank = band_rank(alert.band) if alert.open else -1
        claim, claimed_at = (marker.claim, marker.claimed_at) if marker else (b"", 0.0)
        self._markers[at] = Marker(alert.revision, rank, rank, claim, claimed_at)
        if self._banned(alert.banned, now) is None:
            self._owe_withdrawal(alert, "ban-forgotten", now)
            return True
        noted = open_alerts if alert.open else self._known.setdefault(alert.banned, {})
        noted[alert.alert_id] = alert
        forbidden = None if alert.sums_up else self._forbidden(alert, now)
        if forbidden is not None:
            await self.withdraw([alert], reason=WITHDRAWN_FOR[forbidden], now=now)
        return True

    async def reopen(self, alerts: Sequence[OpenAlert], *, now: float) -> None:
        for alert in alerts:
            refused = self._refused(alert, now)
            if alert.open and refused is not None:
                await self.withdraw([alert], reason=WITHDRAWN_FOR[refused], now=now)
            elif alert.withdrawn == "verdict" and refused is None:
                self._reopen(alert, now)

    async def revise(self, alerts: Sequence[OpenAlert], *, now: float) -> None:
        for alert in alerts:
            self._reopen(alert, now)

    def _reopen(self, alert: OpenAlert, now: float) -> None:
        at, open_alerts = (alert.alert_id, alert.banned), self._open.setdefault(alert.banned, {})
        pair, about = self._pair(alert.alert_id), self._about.get(alert.account, {})
        stands = pair is not None and (pair.open, pair.revision) == (alert.open, alert.revision)
        if self._banned(alert.banned, now) is None or not stands or alert.alert_id not in about:
            return
        rank = band_rank(alert.band)
        marker = reopened(self._markers.get(at), alert.revision, rank, now)
        self._markers[at] = marker
        open_alerts[alert.alert_id] = replace(alert, revision=marker.revision, open=True, withdrawn=None)
        self._know_no_more(alert.banned, alert.alert_id)
        self._owed.pop(alert.alert_id, None)
        self._owed[alert.alert_id] = Owed(open_alerts[alert.alert_id], marker.revision, None, now)
        if self._withheld.get(alert.banned):
            self._sum_up_again(alert.banned, now)

    async def decide(self, decisions: Sequence[Decision], *, now: float) -> list[Decided]:
        decided: list[Decided] = []
        for decision in decisions:
            known = self._decided.get(decision.alert_id)
            latest = max(0.0, decision.decided_at), self._addresses.claim(decision.identity)
            new = known is None or (known[1] != latest[1] and latest > known[:2])
            if new or known is None:
                known = self._decided[decision.alert_id] = (*latest, decision.verdict)
            decided.append(Decided(known[2], known[0], new))
        return decided

    async def decided(self, alert_ids: Sequence[str]) -> list[Decided | None]:
        known = [self._decided.get(alert_id) for alert_id in alert_ids]
        return [Decided(decision[2], decision[0], new=False) if decision else None for decision in known]

    async def show(self, shown: Sequence[Shown]) -> None:
        for account, alert_id, lines, banned, reasons in shown:
            known, cleared = self._shown.setdefault(account, {}), self._cleared.setdefault(banned, {})
            known.pop(alert_id, None)
            cleared.pop(alert_id, None)
            if lines and len(known) < OPEN_ALERTS_A_BAN:
                known[alert_id] = lines
            if reasons and len(cleared) < CLEARED_A_BAN:
                cleared[alert_id] = reasons

    async def shown(self, accounts: Sequence[str]) -> list[dict[str, tuple[ShownLine, ...]]]:
        return [dict(self._shown.get(account, {})) for account in accounts]

    async def alerts_and_shown(
        self, accounts: Sequence[str]
    ) -> tuple[list[list[OpenAlert]], list[dict[str, tuple[ShownLine, ...]]]]:
        return await self.alerts_about(accounts), await self.shown(accounts)

    async def judged(self, alert_ids: Sequence[str]) -> None:
        for alert_id in alert_ids:
            self._awaiting.pop(alert_id, None)

    async def pairs(self, alert_ids: Sequence[str]) -> list[OpenAlert | None]:
        return [self._pair(alert_id) for alert_id in alert_ids]

    def _pair(self, alert_id: str) -> OpenAlert | None:
        return self._pair_on(self._where.get(alert_id, ""), alert_id)

    def _pair_on(self, banned: str, alert_id: str) -> OpenAlert | None:
        open_ = self._open.get(banned, {}).get(alert_id)
        owed = self._owed.get(alert_id)
        if open_ is None and owed is not None and owed.reason in KNOWN_ON:
            return replace(owed.alert, revision=owed.revision, open=False, withdrawn=owed.reason)
        return open_ or self._known.get(banned, {}).get(alert_id)

    # families
    async def join(self, members: Sequence[Member], *, now: float) -> None:
        for account, descent, alert_id, decided_at in members:
            self._note_founder(descent, account, now)
            self._decided.setdefault(alert_id, (0.0, b"", "mirror"))
            self._joined[alert_id] = account
            noted = self._descents.setdefault(account, {})
            noted[self._addresses.alert(alert_id).raw] = (
                max(0.0, decided_at),
                self._root(descent.root_id),
                descent.generation,
            )

    async def leave(self, alert_ids: Sequence[str]) -> None:
        for alert_id in alert_ids:
            noted = self._descents.get(self._joined.get(alert_id, ""), {})
            noted.pop(self._addresses.alert(alert_id).raw, None)

    async def descents(self, accounts: Sequence[str]) -> list[Descent | None]:
        noted = [self._descents.get(account, {}) for account in accounts]
        latest = [
            max(((descent[0], alert, descent) for alert, descent in by_alert.items()), default=None)
            for by_alert in noted
        ]
        return [
            Descent(self._founders[last[2][1]], last[2][2]) if last and last[2][1] in self._founders else None
            for last in latest
        ]

    # waves
    async def company(self, accounts: Sequence[Remembered], *, now: float) -> list[list[Company]]:
        companies = []
        for account in accounts:
            _, others = self._waves.note(account, writes=False)
            read = await self.remembered(others, now=now)
            companies.append(
                [Company(other, self._waves.place(other.account)) for other in read if other is not None]
            )
        return companies

    async def gather(self, gathering: Gathering, *, now: float) -> str | None:
        return self._waves.join(gathering, now)

    async def leave_waves(self, accounts: Sequence[str], *, reason: WaveReason, now: float) -> None:
        self._waves.leave(accounts, reason, now)

    async def mark_banned(self, accounts: Sequence[str], *, banned: bool, now: float) -> None:
        self._waves.mark(accounts, now, banned=banned)

    async def wave_ids(self, accounts: Sequence[str]) -> list[str | None]:
        return [self._waves.wave_of(account) for account in accounts]

    async def waves(self, wave_ids: Sequence[str]) -> list[Wave | None]:
        return [self._waves.known.get(wave_id) for wave_id in wave_ids]

    async def decide_wave(self, wave_id: str, *, covers: int | None, now: float) -> None:
        self._waves.decide(wave_id, now, covers=covers)

    async def held(self) -> list[tuple[str, str]]:
        return []

    async def release(self, held: Sequence[tuple[str, str]]) -> None:
        pass

    async def owed_waves(self, holder: str, *, now: float) -> list[OwedWave]:
        return self._waves.owed(holder, now)

    async def settle_waves(self, published: Sequence[OwedWave]) -> None:
        self._waves.settle(published)

    async def recall_waves(self, waves: Sequence[Wave], *, now: float) -> int:
        return sum(self._waves.recall(wave, now) for wave in waves)

    # frequencies and facts
    async def frequencies(self, *, at: float, now: float) -> Frequencies:
        return self._counts.snapshot(at)

    async def freeze(self, *, now: float) -> bool:
        return self._counts.freeze(now)

    async def figures(self) -> StoreFacts:
        entries = self._index.entries.values()
        folds = {
            unpack(record).fold_version for entry in entries for record in read_frame(entry.frame).records
        }
        return StoreFacts(
            fingerprints=len(entries),
            remembered=sum(len(generation.sizes) for generation in self._remembered.generations),
            remembered_bytes=self._remembered.bytes,
            remembered_evicted=self._remembered.evicted,
            epoch=None,
            fold_versions=tuple(sorted(folds)),
            memory_bytes=None,
            memory_limit_bytes=None,
            unjudged=len(self._awaiting),
            oldest_unjudged_at=min(self._awaiting.values(), default=None),
        )

    # shared helpers
    def _banned(self, account: str, now: float) -> IndexEntry | None:
        entry = self._index.entries.get(account)
        return None if entry is None or read_frame(entry.frame).expired(now) else entry

    def _root(self, account: str) -> bytes:
        return self._addresses.account(account).raw

    def _note_founder(self, descent: Descent, account: str, now: float) -> None:
        """Keeps the founder's account key in one place, unless that account was reinstated."""
        if descent == founder(account):
            return
        marked = self._reinstated.get(descent.root_id)
        if marked is None or marked[1] <= now or self._banned(descent.root_id, now) is not None:
            self._founders[self._root(descent.root_id)] = descent.root_id


def _later(marked: tuple[float, float] | None, moment: float, now: float) -> bool:
    """Returns whether there is an unexpired marker of this moment or a later one."""
    return marked is not None and marked[1] > now and marked[0] >= moment


def _sums_up(owed: Owed) -> bool:
    """Returns whether it is an open summary."""
    return owed.reason is None and not owed.forgotten and owed.alert.sums_up


def _over(facts: BanFacts, now: float) -> bool:
    return facts.expires_at is not None and facts.expires_at <= now


def _occurred_at(entry: IndexEntry) -> float:
    return read_ban_quote(entry.quote).facts.occurred_at
