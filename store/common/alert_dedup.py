"""The rules of alerts: one alert a pair, published once a band, revised when the band rises.

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

A pair is open or owed or neither, never both, and each arrow is one step in the store. Whoever comes late
(a worker that lost its partition and goes on) bears the revision that it acts on, and finds another one.
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
"""Why an alert is withdrawn where the pair may not be told, and yet is open."""


KNOWN_ON: Final[frozenset[WithdrawnReason]] = frozenset({"no-longer-resembles", "verdict", "account-banned"})
"""Reasons after which a verdict may still come, and is to be understood: who says `mirror` often bans the
account in the same breath."""


def band_rank(band: str) -> int:
    """0 for no band, rising with certainty; an unknown band ranks as none."""
    return _BANDS.index(band) if band in _BANDS else 0


@dataclass(frozen=True, slots=True)
class Marker:
    """What is known of a pair: its last revision, the band noted and the band confirmed (-1: none).

    ``claim`` is the digest of the event that noted it last, ``claimed_at`` when.
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
    """The ruling on a claimant's proposal of a band, and the marker that it leaves (``None``: as it was)."""
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
    """Whether the claimant's alert of that revision is the one that is to be published of the pair.

    Not where another has claimed the pair since, or where the pair has another revision.
    """
    return marker.claim == claim and marker.revision == revision


def confirmed(marker: Marker, until: float) -> Marker:
    """The marker once the broker has confirmed the alert of whoever claims it."""
    return replace(marker, confirmed=max(marker.confirmed, marker.noted), until=until)


def reopened(marker: Marker | None, told: int, rank: int, until: float) -> Marker:
    """The marker of a pair whose alert, withdrawn as revision ``told``, is open again as the one after it.

    It is as good as published: that it is open is owed until the broker has confirmed it.
    """
    known = marker or Marker(0, -1, -1, until, b"", 0.0)
    return replace(known, revision=max(known.revision, told) + 1, noted=rank, confirmed=rank, until=until)


def withdrawn(marker: Marker | None, told: int, until: float) -> Marker:
    """The marker of a pair whose alert, last told as revision ``told``, is withdrawn as the one after it.

    An alert may be open longer than its marker was kept.
    """
    known = marker or Marker(0, -1, -1, until, b"", 0.0)
    revision = max(known.revision, told) + 1
    return replace(known, revision=revision, noted=-1, confirmed=-1, until=until)
