"""Decides whether a pair may alert, and what becomes of its alert: one for each pair, once for each band.

A pair is `open`, withdrawn but still known (its status is then the reason), or gone, which keeps its
revision only. States and what changes them::

    (gone) --propose--> open, noted at a first revision, claimed by that event --confirm by it--> confirmed
    noted (crash before the broker confirmed) --propose by the claimant--> noted, the same revision again
    noted --propose by another event, no higher band, within CLAIM_SECONDS--> duplicate
    noted --propose by another event, no higher band, later--> noted and claimed by it, the same revision
    confirmed --propose, no higher band--> duplicate
    confirmed or noted --propose, higher band--> noted, the next revision
    open --its ban goes, or another cause--> known or gone as the next revision, owed to consumers
    owed --the broker has confirmed that very revision--> owed no more
    known for a verdict --another verdict takes it back--> open and confirmed at the next revision, owed
    known --either account is to be forgotten--> gone as the next revision, owed
    known or gone --propose--> noted, the next revision; what was still owed is the open alert from then on

Each function takes a pair as the store has it and returns the pair that replaces it, ``None`` if nothing
changes. A late caller (a worker that lost its partition and goes on) names the revision that it acts on;
where the pair has another one by now, nothing happens. Revisions grow with the time
(:mod:`schemas.revisions`). A pair that is open, or withdrawn for one of `KNOWN_ON`, is known for as long as
its ban.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Final, Literal, NamedTuple, cast

import msgspec

from schemas.alerts import WithdrawnReason
from schemas.revisions import next_revision
from store.base import NEVER, ConfirmedEntry, OpenAlert, Proposal, Ruled, Ruling
from store.limits import CLAIM_SECONDS
from store.rules.keyspace import Standing

_BANDS = ("none", "possible", "likely")

WITHDRAWN_FOR: Final[dict[Ruling, WithdrawnReason]] = {
    Ruling.SUPPRESSED: "verdict",
    Ruling.ACCOUNT_BANNED: "account-banned",
    Ruling.ACCOUNT_DELETED: "account-deleted",
    Ruling.NOT_BANNED: "ban-forgotten",
}
"""By the ruling that forbids an alert, the reason to withdraw it where it is open all the same."""

KNOWN_ON: Final[frozenset[str]] = frozenset(
    {"no-longer-resembles", "superseded", "verdict", "account-banned"}
)
"""Reasons of withdrawal after which the store still knows an alert for as long as its ban. A verdict may
follow: a moderator who says `mirror` often bans the account at the same time. And consumers still quote both
accounts, until one of the other reasons withdraws the alert once more."""

OPEN: Final = "open"
GONE: Final = ""

Debt = Literal["", "again", "summary", "forgotten"] | WithdrawnReason
"""What is owed to consumers: nothing, the open alert, a summary with its counts, that the alert is known no
more, or a withdrawal."""


class StoredAlert(msgspec.Struct, array_like=True, frozen=True):
    """An alert as it was last published. One that was withdrawn is kept for years, so its payload is
    compressed.
    """

    alert_id: str
    account: str
    banned: str
    band: str
    payload: bytes
    seen_at: float = 0.0
    dismissed_at: float = NEVER
    withdrawn: str = ""

    @classmethod
    def of(cls, alert: OpenAlert) -> StoredAlert:
        withdrawn = alert.withdrawn or ""
        payload = zlib.compress(alert.payload) if withdrawn else alert.payload
        return cls(
            alert.alert_id,
            alert.account,
            alert.banned,
            alert.band,
            payload,
            alert.seen_at,
            alert.dismissed_at,
            withdrawn,
        )


class StoredPair(msgspec.Struct, array_like=True, frozen=True):
    """What the store keeps of a pair.

    ``noted``, ``confirmed``: the ranks of these bands, -1 for none. ``claim``: the digest of the event that
    noted it last, at ``claimed_at``. ``owed_at``: when the cause of the debt was handled. ``summed_up_at``:
    when the cause was handled of the summary that was published last. Times in Unix seconds.
    """

    revision: int = 0
    noted: int = -1
    confirmed: int = -1
    claim: bytes = b""
    claimed_at: float = 0.0
    status: str = GONE
    alert: StoredAlert | None = None
    owed: Debt = ""
    owed_at: float = 0.0
    summed_up_at: float | None = None

    @property
    def published(self) -> OpenAlert:
        """The alert as it was last published, under the pair's revision."""
        alert = cast(StoredAlert, self.alert)
        return OpenAlert(
            alert.alert_id,
            alert.account,
            alert.banned,
            alert.band,
            self.revision,
            zlib.decompress(alert.payload) if alert.withdrawn else alert.payload,
            alert.seen_at,
            open=not alert.withdrawn,
            withdrawn=cast(WithdrawnReason, alert.withdrawn) if alert.withdrawn else None,
            dismissed_at=alert.dismissed_at,
        )

    @property
    def known(self) -> OpenAlert | None:
        """The alert, if it is open or was withdrawn for a reason after which it stays known."""
        if self.status == GONE:
            return None
        is_open = self.status == OPEN
        reason = None if is_open else cast(WithdrawnReason, self.status)
        return replace(self.published, open=is_open, withdrawn=reason)


class Facts(NamedTuple):
    """What decides about an alert beside its pair.

    ``dismissed_at``: when a decision `not_mirror` that is in force was given, ``None`` if none is.
    ``banned``: the banned account. ``full``: the account or the ban has as many open alerts as it may have.
    """

    dismissed_at: float | None
    account: Standing
    banned: Standing
    full: bool = False


def band_rank(band: str) -> int:
    """0 for no band, rising with certainty; an unknown band ranks as none."""
    return _BANDS.index(band) if band in _BANDS else 0


def forbidden(alert: Proposal | OpenAlert | StoredAlert, facts: Facts) -> Ruling | None:
    """Returns what forbids the alert, whatever the state of its pair."""
    if facts.dismissed_at is not None and facts.dismissed_at > alert.dismissed_at:
        return Ruling.SUPPRESSED
    if facts.account.banned:
        return Ruling.ACCOUNT_BANNED
    if facts.account.deleted_at is not None and facts.account.deleted_at >= alert.seen_at:
        return Ruling.ACCOUNT_DELETED
    return None if facts.banned.banned else Ruling.NOT_BANNED


def ends(alert: OpenAlert | StoredAlert, facts: Facts) -> WithdrawnReason | None:
    """Returns the reason for which an open alert ends; of a ban that has expired, its sweep ends it."""
    why = forbidden(alert, facts)
    return None if why is None or (why is Ruling.NOT_BANNED and facts.banned.expired) else WITHDRAWN_FOR[why]


def foreseen(pair: StoredPair | None, proposal: Proposal, facts: Facts, now: float) -> Ruled:
    """Returns the ruling on a proposal if no event had proposed its pair before."""
    known = pair or StoredPair()
    if (why := forbidden(proposal, facts)) is not None:
        return Ruled(why, 0)
    if known.status != OPEN and facts.full:
        return Ruled(Ruling.WITHHELD, 0)
    stands = known.status == OPEN and band_rank(proposal.band) <= known.noted
    return Ruled(Ruling.PUBLISH, known.revision if stands else next_revision(known.revision, now))


def proposed(
    pair: StoredPair | None, proposal: Proposal, claim: bytes, facts: Facts, now: float
) -> tuple[Ruled, StoredPair | None]:
    """Rules on a claimant's proposal; one that may be published is noted as open, and claimed."""
    known, rank = pair or StoredPair(), band_rank(proposal.band)
    if (why := forbidden(proposal, facts)) is not None:
        return Ruled(why, 0), ended(pair, facts, now)
    unconfirmed = known.confirmed < known.noted
    if proposal.again_only and not (unconfirmed and known.claim == claim):
        counts = proposal.counted and known.status != OPEN
        return Ruled(Ruling.WITHHELD if counts else Ruling.DUPLICATE, 0), None
    again = unconfirmed and rank <= known.noted
    anothers = again and known.claim != claim and now < known.claimed_at + CLAIM_SECONDS
    if anothers or rank <= known.confirmed:
        return Ruled(Ruling.DUPLICATE, 0), None
    if known.status != OPEN and facts.full:
        return Ruled(Ruling.WITHHELD, 0), None
    revision = known.revision if again else next_revision(known.revision, now)
    alert = StoredAlert(
        proposal.alert_id,
        proposal.account,
        proposal.banned,
        proposal.band,
        proposal.payload,
        proposal.seen_at,
        proposal.dismissed_at,
    )
    debt: tuple[Debt, float] = ("again", now) if known.owed else ("", 0.0)
    noted = StoredPair(revision, rank, known.confirmed, claim, now, OPEN, alert, *debt)
    return Ruled(Ruling.PUBLISH, revision), noted


def ended(pair: StoredPair | None, facts: Facts, now: float) -> StoredPair | None:
    """Withdraws an alert, open or known, if what was noted of it must not be (any more)."""
    why = ends(pair.alert, facts) if pair is not None and pair.alert is not None else None
    if (
        pair is None
        or why is None
        or not (pair.status == OPEN or (pair.status != GONE and why not in KNOWN_ON))
    ):
        return None
    return withdrawn(pair, why, now)


def confirmed(pair: StoredPair | None, claim: bytes, revision: int) -> StoredPair | None:
    """Notes that the broker has confirmed the claimant's alert of that revision.

    It is not the one to publish if another event has claimed the pair since, or the pair has another
    revision.
    """
    if pair is None or (pair.claim, pair.revision) != (claim, revision):
        return None
    return msgspec.structs.replace(pair, confirmed=max(pair.confirmed, pair.noted))


def withdrawn(
    pair: StoredPair, reason: WithdrawnReason, now: float, alert: StoredAlert | None = None
) -> StoredPair:
    """Withdraws an alert that is open or known. ``alert``: what replaces it as it was last published."""
    return msgspec.structs.replace(
        pair,
        revision=next_revision(pair.revision, now),
        noted=-1,
        confirmed=-1,
        status=reason if reason in KNOWN_ON else GONE,
        alert=alert or pair.alert,
        owed=reason,
        owed_at=now,
    )


def withdrawn_as_read(
    pair: StoredPair | None, alert: OpenAlert, reason: WithdrawnReason, now: float
) -> StoredPair | None:
    """Withdraws an alert that is open as it was read, and for a reason to forget it one that is known."""
    if pair is None:
        return None
    if pair.status == OPEN and alert.open and pair.revision == alert.revision:
        return withdrawn(pair, reason, now, StoredAlert.of(alert) if reason == "superseded" else None)
    if pair.status in KNOWN_ON and reason not in KNOWN_ON:
        return withdrawn(pair, reason, now)
    return None


def reopened(pair: StoredPair | None, alert: OpenAlert, now: float) -> StoredPair | None:
    """Opens an alert that a verdict withdrew, or revises one that is open, if it stands as it was read.

    It counts as confirmed at once: the store owes the alert until the broker has confirmed it.
    """
    if pair is None or (pair.status, pair.revision) != (OPEN if alert.open else "verdict", alert.revision):
        return None
    rank, stored = band_rank(alert.band), StoredAlert.of(replace(alert, withdrawn=None))
    return msgspec.structs.replace(
        pair,
        revision=next_revision(pair.revision, now),
        noted=rank,
        confirmed=rank,
        status=OPEN,
        alert=stored,
        owed="again",
        owed_at=now,
    )


def recalled(pair: StoredPair | None, alert: OpenAlert, now: float, *, ban_stands: bool) -> StoredPair | None:
    """Takes back an alert that the store has lost, unless it knows it under that revision or a later one."""
    known = pair or StoredPair()
    if known.revision >= alert.revision:
        return None
    rank = band_rank(alert.band) if alert.open else -1
    status = OPEN if alert.open else alert.withdrawn or GONE
    taken = StoredPair(
        alert.revision, rank, rank, known.claim, known.claimed_at, status, StoredAlert.of(alert)
    )
    return taken if ban_stands else withdrawn(taken, "ban-forgotten", now)


def summary_of(proposal: Proposal) -> StoredAlert | None:
    """The summary of the proposal's ban, as it is to be published."""
    if proposal.summary is None:
        return None
    banned = proposal.banned
    return StoredAlert(proposal.summary.alert_id, banned, banned, "none", proposal.summary.payload)


def summed_up(pair: StoredPair | None, summary: StoredAlert, now: float) -> StoredPair:
    """Revises the summary of a ban whose counts have changed: it is owed from then on."""
    known = pair or StoredPair()
    revision = next_revision(known.revision, now)
    return StoredPair(revision, 0, 0, b"", 0.0, OPEN, summary, "summary", now, known.summed_up_at)


def settled(pair: StoredPair | None, entry: ConfirmedEntry, *, room: bool) -> StoredPair | None:
    """Notes that the broker has confirmed what was owed under that very revision.

    ``room``: whether the ban may have one more alert that is withdrawn and known; without, the store forgets
    it, and owes that.
    """
    if pair is None or not pair.owed or pair.revision != entry.revision:
        return None
    told_at = pair.owed_at if pair.owed == "summary" else pair.summed_up_at
    paid = msgspec.structs.replace(pair, owed="", owed_at=0.0, summed_up_at=told_at)
    if pair.status == OPEN:
        return paid
    if entry.known is None:
        return msgspec.structs.replace(paid, status=GONE, alert=None)
    alert = StoredAlert.of(replace(entry.known, open=False))
    if not room:
        return msgspec.structs.replace(paid, status=GONE, alert=alert, owed="forgotten", owed_at=pair.owed_at)
    return msgspec.structs.replace(paid, status=alert.withdrawn or pair.status, alert=alert)
