"""The rules of alerts: one alert a pair, published once a band, revised when the band rises.

States of a pair's marker::

    (none) --propose--> noted at revision 1, claimed by that event --confirm by it--> confirmed
    noted (crash before the broker confirmed) --propose by the claimant--> noted, the same revision again
    noted --propose by another event, no higher band, within CLAIM_SECONDS--> duplicate
    noted --propose by another event, no higher band, later--> noted and claimed by it, the same revision
    confirmed --propose, no higher band--> duplicate
    confirmed or noted --propose, higher band--> noted, revision + 1
    any --drop (withdrawn as revision + 1)--> dropped: the next alert has the revision after that
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from store.base import Ruled, Ruling
from store.limits import CLAIM_SECONDS

_BANDS = ("none", "possible", "likely")


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


def confirmed(marker: Marker, claim: bytes, until: float) -> Marker:
    """The marker once the broker has confirmed the claimant's alert.

    As it was where another has claimed the pair since: that one's alert is still to be published.
    """
    if marker.claim != claim:
        return marker
    return replace(marker, confirmed=max(marker.confirmed, marker.noted), until=until)


def dropped(marker: Marker) -> Marker:
    """The marker after the withdrawal, which took a revision of its own."""
    return replace(marker, revision=marker.revision + 1, noted=-1, confirmed=-1)
