"""Families to review: a ban was lifted, and the bans of its mirrors stand until a lead has looked at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from desk.database import audit, users
from desk.database.decisions import family_reviews
from desk.database.decisions.family_reviews import FamilyReviewRow
from desk.database.finding import families
from desk.errors import Conflict, NotFound
from desk.review.deciding.review import Review
from desk.review.people import Person, person_of

OPEN_MAX: Final = 20
"""Reviews on a page, the longest open first: the next follow as these are closed."""

CLOSED_MAX: Final = 10
"""Closed ones below them: an undo is wanted soon or never."""

DESCENDANTS_MAX: Final = 100
"""Descendants that are named; the page of the family has the others."""


@dataclass(frozen=True, slots=True)
class Descendant:
    """An account below a lifted ban. `found_at`: of the alert that links it (Unix seconds), None where alerts
    alone state its descent."""

    person: Person
    found_at: float | None


@dataclass(frozen=True, slots=True)
class FamilyReview:
    """One lifted ban. `more`: it has further descendants; `closed_at`, `by`, `reason_code`: None and empty
    while it is open."""

    person: Person
    lifted_at: float
    descendants: tuple[Descendant, ...]
    more: bool
    closed_at: float | None
    by: str
    reason_code: str


async def reviews(review: Review, *, closed: bool) -> list[FamilyReview]:
    """Returns the open reviews, or those that were closed last, as far as a person may know of them."""
    review.reader.need("figures")
    connection, seen_by = review.connection, _seen_by(review)
    names = await users.initials(connection)
    limit = CLOSED_MAX if closed else OPEN_MAX
    rows = await family_reviews.listed(connection, closed=closed, seen_by=seen_by, limit=limit)
    shown = []
    for row in rows:
        links = await families.links_below(connection, row.banned, seen_by=seen_by, limit=DESCENDANTS_MAX + 1)
        stated = await families.stated(connection, row.banned, DESCENDANTS_MAX + 1, seen_by=seen_by)
        descendants: dict[str, float | None] = {descendant.account: None for descendant in stated}
        for link in sorted(links, key=lambda link: link.arrived_at):
            descendants.setdefault(link.account, link.detected_at)
        descendants.pop(row.banned, None)  # a circle leads back to it
        named = list(descendants.items())[:DESCENDANTS_MAX]
        shown.append(
            FamilyReview(
                person=person_of(row.banned),
                lifted_at=row.lifted_at,
                descendants=tuple(Descendant(person_of(account), at) for account, at in named),
                more=len(descendants) > DESCENDANTS_MAX,
                closed_at=row.closed_at,
                by=names.get(row.closed_by or "", ""),
                reason_code=row.reason_code or "",
            )
        )
    return shown


async def close(review: Review, key: str, reason_code: str) -> None:
    """Closes the review of a lifted ban. Raises `NotFound`, `Forbidden`, and `Conflict` if it is closed."""
    row = await _known(review, key)
    if row.closed_at is not None:
        raise Conflict("somebody has closed this review already")
    # Not before the ban was lifted, by whichever clock: a repeat of that withdrawal must not open it again.
    now = max(review.now, row.lifted_at)
    await family_reviews.close(
        review.connection, key, by=review.reader.user_id, reason_code=reason_code, now=now
    )
    await review.note("family-reviewed", key, reason_code=reason_code)


async def reopen(review: Review, key: str) -> None:
    """Undoes the closing of a review. Raises `NotFound`, `Forbidden`, and `Conflict` if it is open."""
    row = await _known(review, key)
    if row.closed_at is None:
        raise Conflict("this review is open")
    await family_reviews.close(review.connection, key, by=None, reason_code=None, now=None)
    await review.note("family-reopened", key)


async def _known(review: Review, key: str) -> FamilyReviewRow:
    review.reader.need("take-back")
    await audit.lock(review.connection)  # of two who close it at once the second finds it closed
    row = await family_reviews.shown(review.connection, key, seen_by=_seen_by(review))
    if row is None:
        raise NotFound("no lifted ban of this account waits for a review")
    return row


def _seen_by(review: Review) -> str | None:
    return review.reader.user_id if review.reader.may("decide") else None
