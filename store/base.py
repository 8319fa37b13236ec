"""What a store promises, whatever it is made of. One contract suite holds every store to it.

Three things live in a store: the fingerprints of banned accounts, those of accounts remembered for a
while, and the state of pairs (alerts proposed and published, suppressions, families). All of it is
derived: it can be rebuilt from ``accounts.banned``, but for what is remembered, which comes again.

Write before you look: every write is visible to any look that starts after it returned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from samehand.fingerprint.distil import Fingerprint, query_keys, unpack
from samehand.frequency.ban_calendar import Calendars
from samehand.frequency.rates import Frequencies
from samehand.keys import Key, KeyKind
from samehand.lineage import Descent
from samehand.scoring.key_table import KeyTable
from samehand.showings import UNKNOWN, Showings
from samehand.signals.base import Quoted
from schemas.alerts import WithdrawnReason
from schemas.unusable import Unusable
from schemas.verdicts import Verdict

_NOBODY: Mapping[Key, int] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class BanFacts:
    """What an alert quotes of a ban. Times in Unix seconds."""

    platform: str
    account_id: str
    occurred_at: float
    banned_at: float | None  # unknown for names from old lists: then timing says nothing
    policy: str | None
    basis_authority: str | None
    basis_reference: str | None
    queue: str | None
    expires_at: float | None
    descent: Descent
    quoted: Quoted
    not_read: tuple[Unusable, ...] = ()  # of its profile, what would have been evidence
    shown: Showings = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A ban to enrol: its facts, and a fingerprint a pepper in force (one, or two during a rotation).

    ``account`` is the account key of the facts' platform and account id.
    """

    account: str
    facts: BanFacts
    fingerprints: tuple[Fingerprint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """An account to remember. ``seen_at`` (Unix seconds) orders creation, updates and deletion.

    ``keys`` are those under which it is listed, where they were made before (with those of its look-up).
    """

    account: str
    account_id: str
    platform: str
    seen_at: float
    quoted: Quoted
    fingerprints: tuple[Fingerprint, ...]
    not_read: tuple[Unusable, ...] = ()  # of its profile, what would have been evidence
    keys: tuple[Key, ...] | None = None
    shown: Showings = UNKNOWN  # by this state alone; what is kept reckons with the former ones


class Enrolled(Enum):
    """What became of a ban."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"  # a reinstatement (or a later ban) with a later `occurred_at` is known
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Query:
    """A look-up: the keys to try, for which account (which never finds itself), each key once.

    With a ``table`` only those candidates are read whose sum reaches what the table asks for, and they are
    ranked by it. Without one all are, by how rare the keys are that they share.
    """

    account: str
    keys: tuple[Key, ...]
    table: KeyTable | None = None

    @classmethod
    def of(cls, account: str, fingerprints: Sequence[Fingerprint]) -> Query:
        """Everybody whom an account resembles, under each of its peppers."""
        keys = dict.fromkeys(key for fingerprint in fingerprints for key in query_keys(fingerprint))
        return cls(account, tuple(keys))

    @classmethod
    def by(cls, account: str, table: KeyTable) -> Query:
        """Those who can reach what a table asks for."""
        return cls(account, table.keys, table)


class Candidate:
    """An account that shares blocking keys with the query.

    ``ref`` is the store's own handle for a later :meth:`Store.facts` or :meth:`Store.remembered_facts`;
    ``rank`` that by which candidates are cut: with a table the most that they can score (nats), without one
    the sum over shared keys of log2(N / posting length). ``bearers`` says of the query's personal values how
    many accounts are listed under each.
    """

    __slots__ = ("_fingerprints", "_records", "_ref", "bearers", "rank")

    def __init__(
        self, ref: str, records: tuple[bytes, ...], rank: float, bearers: Mapping[Key, int] = _NOBODY
    ) -> None:
        """Takes packed fingerprints, at least one, which are read when somebody asks."""
        self.rank = rank
        self.bearers = bearers
        self._ref = ref
        self._records = records
        self._fingerprints: tuple[Fingerprint, ...] | None = None

    @property
    def ref(self) -> str:
        """The store's own handle."""
        return self._ref

    @property
    def records(self) -> tuple[bytes, ...]:
        """Packed fingerprints, one a pepper."""
        return self._records

    @property
    def fingerprint(self) -> Fingerprint:
        """The fingerprint under the pepper that was current when the account was written."""
        return self.fingerprints[0]

    @property
    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """One a pepper that was in force when the account was written (two during a rotation)."""
        if self._fingerprints is None:
            self._fingerprints = tuple(unpack(record) for record in self.records)
        return self._fingerprints

    def __repr__(self) -> str:
        """For people who debug."""
        return f"Candidate({self.ref!r}, rank={self.rank:.2f})"


@dataclass(frozen=True, slots=True)
class RememberedFacts:
    """What an alert quotes of a remembered account."""

    account: str
    platform: str
    account_id: str
    seen_at: float
    quoted: Quoted
    not_read: tuple[Unusable, ...] = ()
    shown: Showings = UNKNOWN


class Summary(NamedTuple):
    """What consumers are told of a ban's pairs that are not told one by one; ``payload`` without counts."""

    alert_id: str
    payload: bytes


class SummaryCounts(NamedTuple):
    """Of a ban: its open alerts, and the pairs of each band that are counted only."""

    published: int
    likely: int
    possible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An alert that somebody wants to publish. ``payload`` is the encoded record.

    ``seen_at`` (Unix seconds): the account was as it is compared then; if it was deleted since, it is no
    longer of any interest.

    ``claimant`` names the event that found the pair, and is the same when that event is delivered again.
    ``again_only``: publish it only if this claimant noted it before and it was never confirmed; ``counted``:
    else count it in the ban's ``summary``, unless it is open. So is what goes beyond
    :data:`store.limits.OPEN_ALERTS_A_BAN` on a ban or about an account.
    """

    alert_id: str
    account: str
    banned: str
    band: str
    payload: bytes
    claimant: str
    seen_at: float
    again_only: bool = False
    counted: bool = False
    summary: Summary | None = None


class Claim(NamedTuple):
    """An alert that was published, on a banned account, by the event that proposed it, under a revision."""

    alert_id: str
    banned: str
    claimant: str
    revision: int


class Ruling(Enum):
    """Whether a proposed alert may be published."""

    PUBLISH = "publish"
    DUPLICATE = "duplicate"  # at this band or a higher one, published before or about to be by another event
    SUPPRESSED = "suppressed"  # a moderator said `not_mirror`
    NOT_BANNED = "not-banned"  # the ban is gone or has expired
    ACCOUNT_BANNED = "account-banned"  # the account is itself banned already
    WITHHELD = "withheld"  # counted in the ban's summary
    ACCOUNT_DELETED = "account-deleted"  # the account is gone


@dataclass(frozen=True, slots=True)
class Ruled:
    """A ruling, and the revision under which to publish (0 where it must not be)."""

    ruling: Ruling
    revision: int


class Decision(NamedTuple):
    """What a person decided on an alert, when (Unix seconds), and which decision that was.

    Of two at one moment the same one comes last for everybody. ``verdict`` is the record's word.
    """

    alert_id: str
    verdict: Verdict
    decided_at: float
    identity: str


class Decided(NamedTuple):
    """The decision that holds on an alert; ``new`` where it is the one given and was not known before."""

    verdict: Verdict
    decided_at: float
    new: bool


class Member(NamedTuple):
    """An account that is in a family by the decision on an alert, which was given then (Unix seconds)."""

    account: str
    descent: Descent
    alert_id: str
    decided_at: float


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that was proposed and not withdrawn.

    Where ``open`` is not set it was withdrawn for the reason ``withdrawn``, after which a verdict may still
    come.
    """

    alert_id: str
    account: str
    banned: str
    band: str
    revision: int
    payload: bytes
    seen_at: float
    open: bool = True
    withdrawn: WithdrawnReason | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """A withdrawal, an alert that is open again, or an open summary, that consumers have not been told yet.

    ``alert`` is as it was last told, ``revision`` the one to withdraw it under, ``at`` (Unix seconds) when
    its cause was handled. Of what is open ``reason`` is ``None``, and of a summary ``counts`` are its counts.
    """

    alert: OpenAlert
    revision: int
    reason: WithdrawnReason | None
    at: float
    counts: SummaryCounts | None = None


class Settled(NamedTuple):
    """A withdrawal that the broker has confirmed, under its revision.

    ``known``: the alert as it was withdrawn, where a verdict on it may still come.
    """

    alert_id: str
    banned: str
    revision: int
    known: OpenAlert | None = None


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What operators want to know of a store."""

    fingerprints: int
    remembered: int
    remembered_bytes: int
    remembered_evicted: int
    epoch: str | None
    fold_versions: tuple[int, ...]
    memory_bytes: int | None
    memory_limit_bytes: int | None
    unjudged: int = 0  # published alerts without a verdict
    oldest_unjudged_at: float | None = None  # when (Unix seconds) the first of them was published
    turned_away: Mapping[tuple[str, KeyKind], int] = field(default_factory=dict)
    """How often an account was not listed under a key whose posting was full, since the store was made.

    By index (`bans`, `remembered`) and kind of key.
    """
    resting: int = 0  # bans that were taken out, of which another shard may still hold entries


class Store(Protocol):
    """The contract. Every method takes and answers a batch, in order; none raises on any content.

    Raises:
        StoreUnavailable: the store cannot be reached or cannot write now; nothing is half done that a
            repeat would not complete.
        StoreEmptied: the store lost its epoch: it was emptied since the first enrolment.
    """

    async def open(self) -> None:
        """Connects, loads scripts, checks layout and epoch."""

    async def close(self) -> None:
        """Lets go of connections."""

    async def ready(self) -> str | None:
        """``None`` when reads and writes both work and the epoch stands, else the reason in words."""

    async def history(self) -> str:
        """A name of what its servers hold: another one once a server was replaced or started again.

        What was acknowledged just before may then be missing. "" where the servers do not tell.
        """

    def adopt(self, epoch: str) -> None:
        """From now on this epoch stands: the store was emptied, and rebuilt by somebody else."""

    # bans
    async def enrol(self, bans: Sequence[Ban], *, now: float) -> list[Enrolled]:
        """Writes or replaces fingerprints, idempotently; the later ``occurred_at`` wins."""

    async def expunge(
        self, accounts: Sequence[tuple[str, float]], *, now: float, reason: WithdrawnReason = "reinstated"
    ) -> list[bool]:
        """Forgets bans reinstated at a moment, unless banned later; leaves a peppered marker only.

        Answers whether something was there. In the same step each open alert on such a ban is withdrawn: it
        is :meth:`owed` from then on, and the pair may be proposed anew.
        """

    async def bans(self, accounts: Sequence[str], *, now: float | None = None) -> list[Ban | None]:
        """The bans as enrolled; those that expired by ``now`` are none, where a moment is given."""

    async def sweep(self, *, now: float) -> int:
        """Removes bans that expired in an hour that is over (never found meanwhile), a bounded number.

        Answers how many. Their open alerts are withdrawn in the same step, as by :meth:`expunge`.
        """

    async def bans_like(
        self, queries: Sequence[Query], *, now: float, keep: int = 64
    ) -> list[list[Candidate]]:
        """Banned accounts that share keys, best first, equals by a fixed order of accounts.

        A store that keeps prints of keys may take another's key for one of theirs, once in some look-ups.
        All queries of a batch have tables (made with the same weights), or none has.
        """

    async def facts(self, refs: Sequence[str]) -> list[BanFacts | None]:
        """What alerts quote of candidates; ``None`` where the ban has gone since."""

    async def calendars(self, *, now: float) -> Calendars:
        """When the bans enrolled took effect, policy by policy.

        As they stood at most :data:`store.limits.CALENDAR_SECONDS` before ``now``.
        """

    # remembered accounts
    async def remember(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        """Remembers accounts for the retention time, replacing an older state, and counts their values.

        Answers since when each shows what it shows, with what was known of its older state
        (:func:`samehand.fingerprint.shown_since.shown_since`).
        """

    async def showings(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        """What :meth:`remember` would answer, without remembering anything."""

    async def remembered(self, accounts: Sequence[str], *, now: float) -> list[Remembered | None]:
        """What is remembered of accounts."""

    async def forget(self, accounts: Sequence[tuple[str, float]], *, now: float) -> list[bool]:
        """Forgets remembered accounts (deleted ones) unless seen later than the given moment."""

    async def remembered_like(
        self, queries: Sequence[Query], *, now: float, keep: int = 256
    ) -> list[list[Candidate]]:
        """Remembered accounts that share keys, best first."""

    async def turned_away(self, queries: Sequence[Query], *, now: float) -> list[dict[KeyKind, int]]:
        """Remembered accounts that are not listed under keys of a query, since the posting was full.

        By kind of key (:data:`store.limits.NAMING_KINDS` alone), those above 0: who waits for a place, and
        who was let go, since too many wait. The latter count also if they have gone since: so many at most.
        """

    async def remembered_facts(self, refs: Sequence[str]) -> list[RememberedFacts | None]:
        """What alerts quote of remembered candidates."""

    # pairs
    async def propose(self, proposals: Sequence[Proposal], *, now: float) -> list[Ruled]:
        """Atomically rules on each and notes it as open before it is published.

        What one event was allowed to publish is its claim for :data:`store.limits.CLAIM_SECONDS`: others
        are duplicates meanwhile, and it may itself come again. Whether the account is banned or deleted, or
        the pair is silenced, is looked up before and once more after it was noted: an alert that must not be
        is withdrawn.
        """

    async def rulings(self, proposals: Sequence[Proposal], *, now: float) -> list[Ruled]:
        """What :meth:`propose` would rule on each if nobody had told of it before; notes nothing.

        So no pair is a duplicate: one that is told already has the revision under which it is, or the next
        where its band has risen. ``again_only`` and ``counted`` say nothing here.
        """

    async def confirm(self, published: Sequence[Claim], *, now: float) -> None:
        """Notes alerts as published: from now on a repeat is a duplicate. A claim since lost is ignored."""

    async def open_alerts(self, banned: Sequence[str]) -> list[list[OpenAlert]]:
        """The open alerts on bans, at most :data:`store.limits.OPEN_ALERTS_A_BAN` each, by alert id."""

    async def alerts_about(self, accounts: Sequence[str]) -> list[list[OpenAlert]]:
        """The alerts about accounts, open ones and those that are still known."""

    async def withdraw(self, alerts: Sequence[OpenAlert], *, reason: WithdrawnReason, now: float) -> None:
        """Withdraws each that is still open under the revision under which it was read.

        Write the cause, then read the alerts, then withdraw them: one that is proposed meanwhile meets the
        cause. After ``account-deleted`` nothing of an alert is known any more.
        """

    async def owed(self, holder: str, *, now: float) -> list[Owed]:
        """Withdrawals and summaries to publish now, the oldest first.

        At most :data:`store.limits.OWED_AT_ONCE` a shard.
        While one ``holder`` asks again and again, others are answered nothing, for
        :data:`store.limits.RELAY_SECONDS` after it asked last. What is not settled comes again. A
        ban's summary is told at most each :data:`store.limits.SUMMARY_SECONDS`.
        """

    async def settle(self, told: Sequence[Settled]) -> None:
        """Forgets withdrawals that were published; one under another revision stays owed.

        Only a peppered revision number stays for a while, lest the pair, alerted again after a later ban,
        begin below the revision under which it was withdrawn.
        """

    async def reopen(self, alerts: Sequence[OpenAlert], *, now: float) -> None:
        """Opens each again that was withdrawn for a verdict under its revision: it is :meth:`owed` from then.

        ``payload`` is what to tell. What forbids an alert is looked up before and after, as by
        :meth:`propose`, and also of those that are open: whoever opened them may have died before. Where the
        ban has gone, or the alert was proposed meanwhile, nothing happens.
        """

    async def decide(self, decisions: Sequence[Decision], *, now: float) -> list[Decided]:
        """Notes what people decided, whether or not the pairs are known here; the latest of each pair holds.

        While ``not_mirror`` holds the pair is not published. What else follows (withdrawing, opening again,
        families) is for who calls: do what the answer says, and look once more whether it still holds
        (:meth:`decided`), since another decision may have come in between.
        """

    async def decided(self, alert_ids: Sequence[str]) -> list[Decided | None]:
        """The decisions that hold."""

    async def judged(self, alert_ids: Sequence[str]) -> None:
        """Notes that a person has judged these: they no longer wait for anybody."""

    async def pairs(self, alert_ids: Sequence[str]) -> list[OpenAlert | None]:
        """Alerts by their ids, open ones and those that are still known."""

    # families
    async def join(self, members: Sequence[Member], *, now: float) -> None:
        """Notes from whom an account descends, for the day it is banned itself."""

    async def leave(self, alert_ids: Sequence[str]) -> None:
        """Takes back what :meth:`join` noted by the decisions on alerts, also where these are not known."""

    async def descents(self, accounts: Sequence[str]) -> list[Descent | None]:
        """What :meth:`join` noted, by the latest decision of several, while its founder is known."""

    # frequencies and facts
    async def frequencies(self, *, at: float) -> Frequencies:
        """The frozen snapshot of counts, as events of a moment (Unix seconds) may know it.

        Of what lies less than the lag before it, it holds what others hand out, and nothing else
        (:mod:`store.common.count_lag`).
        """

    async def freeze(self, *, now: float) -> bool:
        """Turns what was counted since into the next snapshot, if one is due; one of all callers does.

        What an account counts is thus seen no sooner than at the next freeze, and most of it one to two lags
        later. Until the first freeze (an interval after counting began) nothing is counted and ``bans`` is
        the number enrolled by then.
        """

    async def figures(self) -> StoreFacts:
        """SummaryCounts and bytes for metrics and ``doctor``."""
