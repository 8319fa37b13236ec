"""The store's contract. One contract suite tests every implementation against it.

A store holds three things: the fingerprints of banned accounts, those of accounts remembered for a
while, and the state of pairs (alerts proposed and published, suppressions, families). All of it is
derived: it can be rebuilt from ``accounts.banned``, except the remembered accounts, which new events bring.

Write before you look up: a look-up that starts after a write has returned sees that write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple, Protocol

from samehand.fingerprint.distil import Fingerprint, query_keys, unpack
from samehand.frequency.rates import Frequencies
from samehand.keys import Key, KeyKind
from samehand.lineage import Descent
from samehand.scoring.key_table import KeyTable
from samehand.showings import UNKNOWN, Showings
from samehand.signals.base import Quoted
from schemas.accounts import Basis
from schemas.alerts import WithdrawnReason
from schemas.unusable import Unusable
from schemas.verdicts import Verdict
from schemas.waves import WaveReason

_NOBODY: Mapping[Key, int] = {}

NEVER: Final = -1.0
"""The ``dismissed_at`` of an alert that nobody dismissed before it was raised: before every decision."""


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
    not_read: tuple[Unusable, ...] = ()  # fields of its profile that would have been evidence
    shown: Showings = UNKNOWN
    basis_programmes: tuple[str, ...] = ()
    cleared: Mapping[str, int] = field(default_factory=dict)  # dismissed alerts, by what explains them

    @property
    def basis(self) -> Basis | None:
        """On whose word the account was banned; ``None`` where the ban did not say."""
        if self.basis_authority is None:
            return None
        return Basis(
            authority=self.basis_authority, reference=self.basis_reference, programmes=self.basis_programmes
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A ban to enrol: its facts, and a fingerprint for each pepper in force (two during a rotation).

    ``account`` is the account key of the facts' platform and account id.
    """

    account: str
    facts: BanFacts
    fingerprints: tuple[Fingerprint, ...]


@dataclass(frozen=True, slots=True)
class RememberedFacts:
    """What an alert quotes of a remembered account, in the state it had at ``seen_at`` (Unix seconds)."""

    account: str
    platform: str
    account_id: str
    seen_at: float
    quoted: Quoted
    not_read: tuple[Unusable, ...] = ()  # fields of its profile that would have been evidence
    shown: Showings = UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered(RememberedFacts):
    """An account to remember. ``seen_at`` orders creation, updates and deletion.

    ``keys``: its index keys, where the caller has made them already, together with its query keys. ``shown``
    is by this state alone; the store adds what earlier states showed. ``signs_up``: the account was made just
    then; it is no change, and none that existed before.
    """

    fingerprints: tuple[Fingerprint, ...]
    keys: tuple[Key, ...] | None = None
    signs_up: bool = True


class Enrolled(Enum):
    """What enrolling a ban has changed."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"  # a reinstatement (or a later ban) with a later `occurred_at` is known
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Query:
    """A look-up: the account that asks, which never finds itself, and its query keys, each once.

    With a ``table`` the store reads only the candidates whose upper bound reaches the table's threshold, and
    ranks them by that bound. Without one it reads all, and ranks them by how rare the shared keys are.
    """

    account: str
    keys: tuple[Key, ...]
    table: KeyTable | None = None

    @classmethod
    def of(cls, account: str, fingerprints: Sequence[Fingerprint]) -> Query:
        """The query for every account that shares a key with this one, under any of its peppers."""
        keys = dict.fromkeys(key for fingerprint in fingerprints for key in query_keys(fingerprint))
        return cls(account, tuple(keys))

    @classmethod
    def by(cls, account: str, table: KeyTable) -> Query:
        """The query for the accounts that can reach a table's threshold."""
        return cls(account, table.keys, table)


class Candidate:
    """An account that shares blocking keys with the query.

    ``ref`` is the store's own handle for a later :meth:`Store.facts` or :meth:`Store.remembered_facts`.
    ``rank`` orders and cuts the candidates: with a table it is the upper bound of the score (nats), without
    one the sum over shared keys of log2(N / posting length) (bits). ``bearers`` gives for each personal value
    of the query how many accounts are listed under it.
    """

    __slots__ = ("_fingerprints", "_records", "_ref", "bearers", "rank")

    def __init__(
        self, ref: str, records: tuple[bytes, ...], rank: float, bearers: Mapping[Key, int] = _NOBODY
    ) -> None:
        """Takes packed fingerprints, at least one; the first use unpacks them."""
        self.rank = rank
        self.bearers = bearers
        self._ref = ref
        self._records = records
        self._fingerprints: tuple[Fingerprint, ...] | None = None

    @property
    def ref(self) -> str:
        return self._ref

    @property
    def records(self) -> tuple[bytes, ...]:
        """Packed fingerprints, one for each pepper."""
        return self._records

    @property
    def fingerprint(self) -> Fingerprint:
        """The fingerprint under the pepper that was current when the account was written."""
        return self.fingerprints[0]

    @property
    def fingerprints(self) -> tuple[Fingerprint, ...]:
        """One for each pepper that was in force when the account was written (two during a rotation)."""
        if self._fingerprints is None:
            self._fingerprints = tuple(unpack(record) for record in self.records)
        return self._fingerprints

    def __repr__(self) -> str:
        return f"Candidate({self.ref!r}, rank={self.rank:.2f})"


class Summary(NamedTuple):
    """The alert that sums up the pairs of a ban that are only counted; ``payload`` is without the counts."""

    alert_id: str
    payload: bytes


class SummaryCounts(NamedTuple):
    """The counts of a ban's summary: its open alerts, and for each band the pairs that are only counted."""

    published: int
    likely: int
    possible: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An alert that a caller wants to publish. ``payload`` is the encoded record.

    ``seen_at`` (Unix seconds): when the account had the compared state; an account deleted then or later
    gets no alert. ``dismissed_at``: the moment of the latest decision that does not cover this alert's
    evidence; a later `not_mirror` forbids it.

    ``claimant`` names the event that found the pair; a redelivery of that event gives the same name.
    ``again_only``: publish only if this claimant noted the pair before and nobody confirmed it. ``counted``:
    if that is not so, count the pair in the ban's ``summary``, unless it is open. Alerts beyond
    :data:`store.limits.OPEN_ALERTS_A_BAN` on one ban or about one account are counted there too.
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
    dismissed_at: float = NEVER


class Claim(NamedTuple):
    """A published alert: its id, the banned account, the event that proposed it, and its revision."""

    alert_id: str
    banned: str
    claimant: str
    revision: int


class Ruling(Enum):
    """Whether a proposed alert may be published."""

    PUBLISH = "publish"
    DUPLICATE = "duplicate"  # published at this band or a higher one, or about to be by another event
    SUPPRESSED = "suppressed"  # a moderator said `not_mirror`, after the proposal's ``dismissed_at``
    NOT_BANNED = "not-banned"  # the ban is gone or has expired
    ACCOUNT_BANNED = "account-banned"  # the account is itself banned already
    WITHHELD = "withheld"  # not published, but counted in the ban's summary
    ACCOUNT_DELETED = "account-deleted"  # the account is gone


@dataclass(frozen=True, slots=True)
class Ruled:
    """A ruling, and the revision under which to publish (0 where it must not be)."""

    ruling: Ruling
    revision: int


class Decision(NamedTuple):
    """A person's decision on an alert: the record's verdict, the moment (Unix seconds), and its identity.

    ``identity`` tells decisions apart: of two at one moment, every process takes the same one as the later.
    """

    alert_id: str
    verdict: Verdict
    decided_at: float
    identity: str


class Decided(NamedTuple):
    """The decision in force on an alert; ``new``: it is the one just given, and was not known before."""

    verdict: Verdict
    decided_at: float
    new: bool


class ShownLine(NamedTuple):
    """A line of a dismissed alert: the signal, its level, a digest of the account's value, and its nats.

    ``value`` is empty where the alert's quotes were gone; ``weight`` is `-inf` for a line against the pair.
    """

    signal: str
    level: str
    value: bytes
    weight: float


class Shown(NamedTuple):
    """What the alert ``alert_id`` on an account showed to those who dismissed it.

    ``reasons``: the innocent ones each of which explains all that agreed with the ``banned`` account.
    """

    account: str
    alert_id: str
    lines: tuple[ShownLine, ...]
    banned: str
    reasons: tuple[str, ...] = ()


class Member(NamedTuple):
    """An account that the decision on an alert, given at ``decided_at`` (Unix seconds), put in a family."""

    account: str
    descent: Descent
    alert_id: str
    decided_at: float


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that was proposed and not withdrawn.

    Where ``open`` is false, it was withdrawn for the reason ``withdrawn``; the store still knows it, since a
    verdict on it may follow, or a reason to forget what it quotes.
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
    dismissed_at: float = NEVER

    @property
    def sums_up(self) -> bool:
        """True if it is a summary: that is on a ban and about no other account."""
        return self.account == self.banned


@dataclass(frozen=True, slots=True)
class Owed:
    """A withdrawal, a reopened alert, or an open summary, that has yet to be published.

    ``alert``: as it was last published, under the ``revision`` to publish; ``at`` (Unix seconds): when its
    cause was handled. ``reason``: of the withdrawal, ``None`` where the alert is open. ``counts``: those of a
    summary, ``None`` for any other alert. ``forgotten``: the alert was withdrawn before, and is not known any
    more since its ban has too many; only the topic of states gets a record.
    """

    alert: OpenAlert
    revision: int
    reason: WithdrawnReason | None
    at: float
    counts: SummaryCounts | None = None
    forgotten: bool = False


class ConfirmedEntry(NamedTuple):
    """What :meth:`Store.owed` returned and the broker has confirmed, under its revision.

    ``is_open``: it was reopened or revised, so that it waits for a verdict as before.
    ``known``: the alert as it was withdrawn, if it is to stay known. Without it and with the
    ``account``, the store lets go of where the alert lies.
    """

    alert_id: str
    banned: str
    revision: int
    known: OpenAlert | None = None
    account: str = ""
    is_open: bool = False


class Companions(NamedTuple):
    """Who came with a new account: others within a day that share two kinds of values with it.

    ``wave_id``: the open wave that the account itself is in. ``members``: those of the others that are in
    one.
    """

    wave_id: str | None
    accounts: Sequence[Remembered] = ()
    members: frozenset[str] = frozenset()


ALONE = Companions(None)


class Place(NamedTuple):
    """A member's place in its open wave, with the wave's beginning and how many members it has."""

    wave_id: str
    began_at: float
    members: int
    member: WaveMember


class Company(NamedTuple):
    """An account that would come with another, and its place in an open wave; ``None`` if it is in none."""

    account: Remembered
    place: Place | None


class WaveMember(NamedTuple):
    """An account of a wave. ``signals``: how it resembles other members, as `signal.level`."""

    account: str
    handle: str
    seen_at: float
    log_odds: float
    signals: tuple[str, ...]
    banned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """Accounts that are to join a wave: the one most of ``resembling`` are in, or a new one.

    ``wave_id`` and ``began_at`` (Unix seconds) are the new one's. ``joining``: who has evidence of its own.
    ``resembling``: the accounts that the newcomer resembles.
    """

    wave_id: str
    began_at: float
    joining: Sequence[WaveMember]
    resembling: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A wave. ``withdrawn``: ``None`` while it is open."""

    wave_id: str
    revision: int
    began_at: float
    changed_at: float
    members: tuple[WaveMember, ...]
    withdrawn: WaveReason | None = None
    merged_into: str | None = None


class OwedWave(NamedTuple):
    """A wave to publish; without one, the wave is forgotten."""

    wave_id: str
    wave: Wave | None

    @property
    def revision(self) -> int:
        return self.wave.revision if self.wave else 0


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """Figures of a store for operators."""

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


class Store(Protocol):
    """The contract. Methods take batches and return results in the same order; no content makes them raise.

    Raises:
        StoreUnavailable: the store cannot be reached or cannot write now; repeating the call completes what
            was half done.
        StoreEmptied: the store lost its epoch: it was emptied since the first enrolment.
    """

    async def open(self) -> None:
        """Connects, loads scripts, checks layout and epoch."""

    async def close(self) -> None: ...

    async def ready(self) -> str | None:
        """Returns ``None`` if reads and writes work and the epoch is unchanged, else the reason in words."""

    async def history(self) -> str:
        """Returns an identifier of the data: another once a server is replaced, restarted or refilled.

        Writes acknowledged just before may then be missing. "" where the servers do not say. What stands
        before its last colon names the last refilling.
        """

    async def behind(self) -> Mapping[str, Mapping[int, int]]:
        """Returns from which offsets acknowledged records must be delivered again, by topic and partition.

        The group acknowledged them with another store, or while this one was filled. Mostly empty.
        """

    async def caught_up(self, topic: str) -> None:
        """Notes that nothing of a topic is missing any more: it is not :meth:`behind` from now on."""

    def adopt(self, epoch: str) -> None:
        """Takes this epoch as valid from now on: the store was emptied, and another process rebuilt it."""

    # bans
    async def enrol(self, bans: Sequence[Ban], *, now: float) -> list[Enrolled]:
        """Writes or replaces fingerprints, idempotently; the later ``occurred_at`` wins."""

    async def expunge(
        self, accounts: Sequence[tuple[str, float]], *, now: float, reason: WithdrawnReason = "reinstated"
    ) -> list[bool]:
        """Removes bans reinstated at a moment (Unix seconds), unless banned later; keeps a peppered marker.

        Returns for each whether anything was removed. The same step withdraws each alert on such a ban, also
        one that was withdrawn before: the withdrawal is :meth:`owed` from then on, and the pair may be
        proposed anew.
        """

    async def bans(self, accounts: Sequence[str], *, now: float | None = None) -> list[Ban | None]:
        """The bans as enrolled; ``None`` where there is none, or where it has expired by a given ``now``."""

    async def sweep(self, *, now: float) -> int:
        """Removes a bounded number of expired bans.

        Returns how many. No look-up finds an expired ban meanwhile. The same step withdraws their open
        alerts, as :meth:`expunge` does.
        """

    async def bans_like(
        self, queries: Sequence[Query], *, now: float, keep: int = 64
    ) -> list[list[Candidate]]:
        """For each query at most ``keep`` banned accounts that share its keys, best first.

        Equal ranks come in a fixed order of accounts. A store that keeps short hashes of keys takes two keys
        for one in some look-ups. Either all queries of a batch have tables (made with the same weights), or
        none has.
        """

    async def facts(self, refs: Sequence[str]) -> list[BanFacts | None]:
        """What alerts quote of candidates; ``None`` where the ban has gone since."""

    # remembered accounts
    async def remember(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        """Remembers accounts for the retention time, replacing an older state, and counts their values.

        Returns since when each account has shown its values, as this state and the older one tell
        (:func:`samehand.fingerprint.shown_since.shown_since`).
        """

    async def remember_then_look(
        self,
        accounts: Sequence[Remembered],
        queries: Sequence[Query],
        *,
        now: float,
        keep: int = 64,
        notes: bool = True,
    ) -> tuple[list[Showings], list[list[Candidate]], list[Companions]]:
        """:meth:`remember`, and :meth:`bans_like` once all accounts are written, in fewer round trips.

        Returns what these return, and who came with each account. The values may be counted during the
        look-up, which they do not affect. Only an account that began within a day has company; without
        ``notes`` none has, and nothing is noted.
        """

    async def showings(self, accounts: Sequence[Remembered], *, now: float) -> list[Showings]:
        """What :meth:`remember` would return; remembers nothing."""

    async def remembered(self, accounts: Sequence[str], *, now: float) -> list[Remembered | None]:
        """The accounts as they are remembered; ``None`` for one that is not."""

    async def forget(self, accounts: Sequence[tuple[str, float]], *, now: float) -> list[bool]:
        """Forgets deleted accounts, unless seen after the given moment (Unix seconds).

        A state seen until then is never remembered nor alerted on, whatever comes later. Returns for each
        whether it was forgotten now.
        """

    async def remembered_like(
        self, queries: Sequence[Query], *, now: float, keep: int = 256
    ) -> list[list[Candidate]]:
        """For each query at most ``keep`` remembered accounts that share its keys, best first."""

    async def turned_away(self, queries: Sequence[Query], *, now: float) -> list[dict[KeyKind, int]]:
        """Counts the remembered accounts that a full posting keeps a query from finding.

        By kind of key (of :data:`store.limits.NAMING_KINDS`), counts above 0: accounts that wait for a place,
        and accounts dropped because too many wait. The sum is an upper limit, since dropped accounts that
        were forgotten later still count.
        """

    async def remembered_facts(self, refs: Sequence[str]) -> list[RememberedFacts | None]:
        """What alerts quote of remembered candidates."""

    # pairs
    async def propose(self, proposals: Sequence[Proposal], *, now: float) -> list[Ruled]:
        """Decides atomically for each whether it may be published, and notes it as open beforehand.

        An event that may publish a pair has a claim on it for :data:`store.limits.CLAIM_SECONDS`: until then
        the pair is a duplicate for other events, while a redelivery of the same one may publish it. The store
        looks up whether the account is banned or deleted, or the pair is silenced, before it notes the alert
        and once more afterwards; it withdraws an alert that must not be.
        """

    async def rulings(self, proposals: Sequence[Proposal], *, now: float) -> list[Ruled]:
        """What :meth:`propose` would decide on each if no event had proposed it before; notes nothing.

        So no pair is a duplicate: one that is open has its current revision, or the next where its band has
        risen. ``again_only`` and ``counted`` have no effect here.
        """

    async def confirm(self, published: Sequence[Claim], *, now: float) -> None:
        """Notes alerts as published: from now on a repeat is a duplicate. Ignores claims lost meanwhile."""

    async def alerts_on(self, banned: Sequence[str]) -> list[list[OpenAlert]]:
        """The alerts on bans, by alert id: open ones, and withdrawn ones that the store still knows.

        At most :data:`store.limits.OPEN_ALERTS_A_BAN` of either.
        """

    async def withheld(self, banned: Sequence[str]) -> list[bool]:
        """For each ban, whether pairs of it are only counted in its summary."""

    async def uncount(self, accounts: Sequence[str], *, now: float) -> None:
        """Counts no pair about these accounts as withheld any more: they are gone, or banned themselves."""

    async def alerts_about(self, accounts: Sequence[str]) -> list[list[OpenAlert]]:
        """The alerts about accounts: open ones, and withdrawn ones that the store still knows."""

    async def withdraw(self, alerts: Sequence[OpenAlert], *, reason: WithdrawnReason, now: float) -> None:
        """Withdraws each alert that is still open under the revision under which it was read.

        Write the cause, then read the alerts, then withdraw them: a proposal that comes in between finds the
        cause. A reason to forget (one that is not in :data:`store.rules.pairs.KNOWN_ON`) withdraws an
        alert that was withdrawn before once more, and the store knows nothing of it from then on. One that is
        `superseded` is withdrawn with the given ``payload``, which names its successor.
        """

    async def owed(self, holder: str, *, now: float) -> list[Owed]:
        """What is to be published now, the oldest first: withdrawals, reopened alerts, summaries.

        At most :data:`store.limits.OWED_AT_ONCE` per shard. One ``holder`` at a time gets any: the others get
        nothing until it has not asked for :data:`store.limits.RELAY_SECONDS`. What is not settled is returned
        again. A ban's summary is returned at most once in :data:`store.limits.SUMMARY_SECONDS`.
        """

    async def settle(self, published: Sequence[ConfirmedEntry]) -> None:
        """Forgets what was published of :meth:`owed`; what is owed under another revision by now stays.

        An alert with ``known`` stays known as long as its ban; beyond
        :data:`store.limits.OPEN_ALERTS_A_BAN` on one ban, :meth:`owed` returns it as forgotten.
        """

    async def recall(self, alerts: Sequence[OpenAlert], *, now: float) -> list[bool]:
        """Takes back what was published of pairs, after the store has lost it; enrol the bans before.

        Returns for each whether it was taken: it is not where the store knows the pair under that revision or
        a later one. An alert on a ban that is gone is withdrawn; what else forbids it is looked up as
        :meth:`propose` does.
        """

    async def reopen(self, alerts: Sequence[OpenAlert], *, now: float) -> None:
        """Reopens each alert that a verdict withdrew under its revision: it is :meth:`owed` from then on.

        ``payload`` is what to publish. What forbids an alert is looked up before and after, as
        :meth:`propose` does, and for alerts that are open already too: the process that reopened them may
        have died before its second look. Nothing happens where the ban has gone, or the pair was proposed
        meanwhile.
        """

    async def revise(self, alerts: Sequence[OpenAlert], *, now: float) -> None:
        """Gives each alert that is open under its revision a new payload; it is :meth:`owed` from then on."""

    async def decide(self, decisions: Sequence[Decision], *, now: float) -> list[Decided]:
        """Notes people's decisions, whether or not the store knows the pairs; the latest of each pair holds.

        While ``not_mirror`` holds, the pair is not published. All else (withdrawing, reopening, families) is
        up to the caller: act on the returned decision, then check that it still holds (:meth:`decided`),
        since another one may have come in between.
        """

    async def decided(self, alert_ids: Sequence[str]) -> list[Decided | None]:
        """The decision in force on each alert; ``None`` where nobody has decided."""

    async def show(self, shown: Sequence[Shown]) -> None:
        """Notes what dismissed alerts showed; without lines, forgets one.

        Lines end with the account, of which :data:`store.limits.OPEN_ALERTS_A_BAN` alerts at most have some.
        Reasons end with the ban: from then on its facts count them, of :data:`store.limits.CLEARED_A_BAN`
        alerts at most.
        """

    async def shown(self, accounts: Sequence[str]) -> list[dict[str, tuple[ShownLine, ...]]]:
        """What alerts on each account showed, by alert id: dismissed ones, or about to be."""

    async def alerts_and_shown(
        self, accounts: Sequence[str]
    ) -> tuple[list[list[OpenAlert]], list[dict[str, tuple[ShownLine, ...]]]]:
        """What :meth:`alerts_about` and :meth:`shown` return, in one trip."""

    async def judged(self, alert_ids: Sequence[str]) -> None:
        """Notes that a person has judged these alerts: they no longer count as unjudged."""

    async def pairs(self, alert_ids: Sequence[str]) -> list[OpenAlert | None]:
        """Alerts by their ids: open ones, and withdrawn ones that the store still knows."""

    # families
    async def join(self, members: Sequence[Member], *, now: float) -> None:
        """Notes from which ban an account descends, for the case that it is banned itself."""

    async def leave(self, alert_ids: Sequence[str]) -> None:
        """Undoes what :meth:`join` noted by the decisions on these alerts, also on alerts no longer known."""

    async def descents(self, accounts: Sequence[str]) -> list[Descent | None]:
        """What :meth:`join` noted by the latest decision; ``None`` where the founder is no longer known."""

    # waves
    async def gather(self, gathering: Gathering, *, now: float) -> str | None:
        """Lets accounts join a wave, in one step; returns its id, ``None`` where there is no wave.

        A new wave takes five joining accounts; beyond :data:`store.limits.WAVES_KEPT_MAX` the one that
        changed longest ago is forgotten for it. Two waves that the newcomer resembles at least four members
        of merge into the older one. Whoever is in an open wave stays there. A newcomer that resembles four
        members of a dismissed wave, and not of an open one, joins that silently (:meth:`decide_wave`). A
        changed wave is :meth:`owed_waves`: at once where it passed a size at which
        waves are published for the first time, else :data:`store.limits.WAVE_QUIET_SECONDS` later.
        """

    async def leave_waves(self, accounts: Sequence[str], *, reason: WaveReason, now: float) -> None:
        """Takes accounts out of their waves; a wave that has fewer than five members left is withdrawn.

        A reinstated account joins none for two days.
        """

    async def mark_banned(self, accounts: Sequence[str], *, banned: bool, now: float) -> None:
        """Marks members of waves as banned, or takes that back; a wave that this changes is owed at once."""

    async def company(self, accounts: Sequence[Remembered], *, now: float) -> list[list[Company]]:
        """Who would come with each account if it were remembered now; notes nothing."""

    async def wave_ids(self, accounts: Sequence[str]) -> list[str | None]:
        """The open wave that each account is in."""

    async def waves(self, wave_ids: Sequence[str]) -> list[Wave | None]:
        """Waves by their ids, members by the moment they were seen."""

    async def decide_wave(self, wave_id: str, *, covers: int | None, now: float) -> None:
        """Withdraws a wave by a verdict, or takes that back (``None``).

        Accounts join it silently until it has more members than the verdict ``covers``: then they all are a
        new wave, into which it merges. A wave of which fewer than five members are left stays withdrawn.
        """

    async def owed_waves(self, holder: str, *, now: float) -> list[OwedWave]:
        """Waves to be published now, the longest owed first, for one holder at a time as :meth:`owed`.

        A wave that nobody changed for the retention time is forgotten.
        """

    async def settle_waves(self, published: Sequence[OwedWave]) -> None:
        """Forgets that these waves are owed; one that has changed since stays owed."""

    async def recall_waves(self, waves: Sequence[Wave], *, now: float) -> int:
        """Takes back waves that the store has lost, unless it knows them under that revision or a later one.

        An open one merges with those that its members have founded meanwhile, into the oldest. Returns how
        many were taken back.
        """

    # goes with the next release
    async def held(self) -> list[tuple[str, str]]:
        """Pairs that former versions held, oldest first: (digest of a value, banned account)."""

    async def release(self, held: Sequence[tuple[str, str]]) -> None:
        """Forgets what was held."""

    # frequencies and facts
    async def frequencies(self, *, at: float, now: float) -> Frequencies:
        """The frozen snapshot of counts that applies to events of a moment (Unix seconds).

        As of at most :data:`store.limits.SNAPSHOT_SECONDS` before ``now``.
        Of accounts seen less than the lag before that moment, it counts only the values that others hand out
        (:mod:`store.common.count_lag`).
        """

    async def freeze(self, *, now: float) -> bool:
        """Makes the next snapshot of counts, if one is due. Of several callers one does, and returns true.

        So an account takes effect on the counts at the next freeze at the earliest, and for most values one
        to two lags later. Until the first freeze (an interval after counting began) all counts are 0, and
        ``bans`` is the number of bans enrolled by then.
        """

    async def figures(self) -> StoreFacts:
        """Counts and bytes for metrics and ``doctor``."""
