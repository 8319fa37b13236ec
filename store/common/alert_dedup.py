"""Deduplicates alerts: one for each pair, published once for each band, revised when the band rises.

States of a pair's marker::

    (none) --propose--> noted at revision 1, claimed by that event --confirm by it--> confirmed
    noted (crash before the broker confirmed) --propose by the claimant--> noted, the same revision again
    noted --propose by another event, no higher band, within CLAIM_SECONDS--> duplicate
    noted --propose by another event, no higher band, later--> noted and claimed by it, the same revision
    confirmed --propose, no higher band--> duplicate
    confirmed or noted --propose, higher band--> noted, revision + 1
    noted or confirmed --its ban goes, or another cause--> withdrawn as revision + 1, owed to the consumers
    owed --the broker has confirmed that very revision--> gone
    owed or gone for a verdict --another verdict takes it back--> confirmed at the revision after that, owed
    owed or gone --propose--> noted, the revision after that; what was still owed is owed no more

Owed means: to be published to the consumers. Each arrow is one atomic step in the store. A late caller (a
worker that lost its partition and goes on) names the revision that it acts on; where the pair has another
one by now, nothing happens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from schemas.alerts import WithdrawnReason
from store.base import Ruled, Ruling
from store.limits import CLAIM_SECONDS

_BANDS = ("none", "possible", "likely")


WITHDRAWN_FOR: Final[dict[Ruling, WithdrawnReason]] = {
    Ruling.SUPPRESSED: "verdict",
    Ruling.ACCOUNT_BANNED: "account-banned",
    Ruling.ACCOUNT_DELETED: "account-deleted",
}
"""By the ruling that forbids an alert, the reason to withdraw it where it is open all the same."""


KNOWN_ON: Final[frozenset[WithdrawnReason]] = frozenset({"no-longer-resembles", "verdict", "account-banned"})
"""Reasons of withdrawal after which the store still knows an alert, since a verdict may follow: a moderator
who says `mirror` often bans the account at the same time."""


def band_rank(band: str) -> int:
    """0 for no band, rising with certainty; an unknown band ranks as none."""
    return _BANDS.index(band) if band in _BANDS else 0


@dataclass(frozen=True, slots=True)
class Marker:
    """The state of a pair: its last revision, and the ranks of the bands noted and confirmed (-1: none).

    ``claim`` is the digest of the event that noted it last, at ``claimed_at``. The marker holds until
    ``until``. Times in Unix seconds.
    """

    revision: int
    noted: int
    confirmed: int
    until: float
    claim: bytes
    claimed_at: float


def ruled(
    marker: Marker | None, rank: int, claim: bytes, now: float, until: float, *, again_only: bool = False
) -> tuple[Ruled, Marker | None]:
    """The ruling on a claimant's proposal of a band, and the pair's new marker (``None``: unchanged)."""
    if again_only and not (marker and marker.claim == claim and marker.confirmed < marker.noted):
        return Ruled(Ruling.DUPLICATE, 0), None
    if marker is None:
        return Ruled(Ruling.PUBLISH, 1), Marker(1, rank, -1, until, claim, now)
    again = marker.confirmed < marker.noted and rank <= marker.noted
    anothers = again and marker.claim != claim and now < marker.claimed_at + CLAIM_SECONDS
    if anothers or rank <= marker.confirmed:
        return Ruled(Ruling.DUPLICATE, 0), None
    revision = marker.revision if again else marker.revision + 1
    return Ruled(Ruling.PUBLISH, revision), Marker(revision, rank, marker.confirmed, until, claim, now)


def claimed(marker: Marker, claim: bytes, revision: int) -> bool:
    """Whether the claimant's alert of that revision is the one to publish for the pair.

    It is not if another event has claimed the pair since, or the pair has another revision.
    """
    return marker.claim == claim and marker.revision == revision


def confirmed(marker: Marker, until: float) -> Marker:
    """The marker after the broker has confirmed the claimant's alert."""
    return replace(marker, confirmed=max(marker.confirmed, marker.noted), until=until)


def reopened(marker: Marker | None, revision: int, rank: int, until: float) -> Marker:
    """The marker of a pair whose alert, withdrawn as ``revision``, is reopened under the next revision.

    It counts as confirmed at once: the store owes the reopened alert until the broker has confirmed it.
    """
    known = marker or Marker(0, -1, -1, until, b"", 0.0)
    newer = max(known.revision, revision) + 1
    return replace(known, revision=newer, noted=rank, confirmed=rank, until=until)


def withdrawn(marker: Marker | None, revision: int, until: float) -> Marker:
    """The marker of a pair whose alert, last published as ``revision``, is withdrawn as the next one.

    ``marker`` may be ``None``, since an alert may stay open for longer than its marker is kept.
    """
    known = marker or Marker(0, -1, -1, until, b"", 0.0)
    newer = max(known.revision, revision) + 1
    return replace(known, revision=newer, noted=-1, confirmed=-1, until=until)
