"""Deduplicates alerts: one for each pair, published once for each band, revised when the band rises.

States of a pair's marker::

    (none) --propose--> noted at a first revision, claimed by that event --confirm by it--> confirmed
    noted (crash before the broker confirmed) --propose by the claimant--> noted, the same revision again
    noted --propose by another event, no higher band, within CLAIM_SECONDS--> duplicate
    noted --propose by another event, no higher band, later--> noted and claimed by it, the same revision
    confirmed --propose, no higher band--> duplicate
    confirmed or noted --propose, higher band--> noted, the next revision
    noted or confirmed --its ban goes, or another cause--> withdrawn as the next revision, owed to consumers
    owed --the broker has confirmed that very revision--> gone
    owed or gone for a verdict --another verdict takes it back--> confirmed at the revision after that, owed
    owed or gone, but known --either account is to be forgotten--> withdrawn as the revision after that, owed
    owed or gone --propose--> noted, the revision after that; what was still owed is owed no more

Owed means: to be published to the consumers. Each arrow is one atomic step in the store. A late caller (a
worker that lost its partition and goes on) names the revision that it acts on; where the pair has another
one by now, nothing happens. Revisions grow with the time (:mod:`schemas.revisions`). A pair that is open, or
withdrawn for one of `KNOWN_ON`, is known for as long as its ban.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from schemas.alerts import WithdrawnReason
from schemas.revisions import next_revision
from store.base import Ruled, Ruling
from store.limits import CLAIM_SECONDS

_BANDS = ("none", "possible", "likely")


WITHDRAWN_FOR: Final[dict[Ruling, WithdrawnReason]] = {
    Ruling.SUPPRESSED: "verdict",
    Ruling.ACCOUNT_BANNED: "account-banned",
    Ruling.ACCOUNT_DELETED: "account-deleted",
}
"""By the ruling that forbids an alert, the reason to withdraw it where it is open all the same."""


KNOWN_ON: Final[frozenset[WithdrawnReason]] = frozenset(
    {"no-longer-resembles", "superseded", "verdict", "account-banned"}
)
"""Reasons of withdrawal after which the store still knows an alert for as long as its ban. A verdict may
follow: a moderator who says `mirror` often bans the account at the same time. And consumers still quote both
accounts, until one of the other reasons withdraws the alert once more."""


def band_rank(band: str) -> int:
    """0 for no band, rising with certainty; an unknown band ranks as none."""
    return _BANDS.index(band) if band in _BANDS else 0


@dataclass(frozen=True, slots=True)
class Marker:
    """The state of a pair: its last revision, and the ranks of the bands noted and confirmed (-1: none).

    ``claim`` is the digest of the event that noted it last, at ``claimed_at`` (Unix seconds).
    """

    revision: int
    noted: int
    confirmed: int
    claim: bytes
    claimed_at: float


def ruled(
    marker: Marker | None, rank: int, claim: bytes, now: float, *, again_only: bool = False
) -> tuple[Ruled, Marker | None]:
    """The ruling on a claimant's proposal of a band, and the pair's new marker (``None``: unchanged)."""
    if again_only and not (marker and marker.claim == claim and marker.confirmed < marker.noted):
        return Ruled(Ruling.DUPLICATE, 0), None
    known = marker or _UNKNOWN
    again = known.confirmed < known.noted and rank <= known.noted
    anothers = again and known.claim != claim and now < known.claimed_at + CLAIM_SECONDS
    if anothers or rank <= known.confirmed:
        return Ruled(Ruling.DUPLICATE, 0), None
    revision = known.revision if again else next_revision(known.revision, now)
    return Ruled(Ruling.PUBLISH, revision), Marker(revision, rank, known.confirmed, claim, now)


def claimed(marker: Marker, claim: bytes, revision: int) -> bool:
    """Returns whether the claimant's alert of that revision is the one to publish for the pair.

    It is not if another event has claimed the pair since, or the pair has another revision.
    """
    return marker.claim == claim and marker.revision == revision


def confirmed(marker: Marker) -> Marker:
    """The marker after the broker has confirmed the claimant's alert."""
    return replace(marker, confirmed=max(marker.confirmed, marker.noted))


def reopened(marker: Marker | None, revision: int, rank: int, now: float) -> Marker:
    """The marker of a pair whose alert, withdrawn as ``revision``, is reopened under the next revision.

    It counts as confirmed at once: the store owes the reopened alert until the broker has confirmed it.
    """
    known = marker or _UNKNOWN
    return replace(
        known, revision=next_revision(max(known.revision, revision), now), noted=rank, confirmed=rank
    )


def withdrawn(marker: Marker | None, revision: int, now: float) -> Marker:
    """The marker of a pair whose alert, last published as ``revision``, is withdrawn as the next one."""
    return reopened(marker, revision, -1, now)


_UNKNOWN: Final = Marker(0, -1, -1, b"", 0.0)
