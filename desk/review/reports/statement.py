"""What a statement of reasons to the holder of an account rests on (Article 17 of the DSA).

It teaches nobody how to evade: of the evidence it has what profiles show, in the words of the desk's own
sentences, and of the other account only the name and handle that the alert quotes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from desk.database import actions, alerts, verdicts
from desk.errors import Forbidden, NotFound, UnusableInput
from desk.review.actions import ActionView, view_of, without_sealed
from desk.review.deciding.review import Review
from desk.review.evidence import shown_evidence
from desk.review.people import people
from desk.review.seal import UNREAD
from samehand.normalize.contact.redact import redacted
from samehand.watchlist.platforms import is_list
from schemas.alerts import EvidenceLine, MirrorAlert

PUBLIC: Final = frozenset(
    {"handle", "name", "crossing", "admirer", "avatar", "bio", "contact", "mention", "disguise"}
)
"""Signals of what anybody can see in a profile. A new signal is left out until it stands here."""

QUOTED: Final = frozenset({"handle", "name"})
"""Those of which the two values are shown. Contact points and descriptions may hold addresses of others."""

MISSING: Final = {
    "facts": "No alert on this account is named: add the facts.",
    "verdict": "No verdict that it is a mirror holds.",
    "quotes": "What the alert quoted was erased.",
    "ground": "The ground is missing: a law, or the platform’s terms.",
    "clause": "The clause, or the article of the law, is missing.",
    "source": "What led to it is missing: a notice, or the platform’s own initiative.",
    "automated_detection": "Whether software found the account is missing.",
    "automated_decision": "How far software decided it is missing.",
}
"""What a statement can lack, by code: for the person who sends it."""


Resembled = Literal["banned", "elsewhere", "listed"]
"""What the account resembles: one that the platform banned, that another did, or a name on an official
list."""


@dataclass(frozen=True, slots=True)
class StatedFact:
    """One trait that agrees. `ours`, `theirs`: the values of both accounts, "" where they are not shown."""

    signal: str
    level: str
    ours: str = ""
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class Reasons:
    """What a statement says. `name`, `handle`: of its account, as the alert quotes them; `resembles`:
    what, if an alert led to the action; `withheld`: traits agree that are not named; `missing`: codes of
    `MISSING`."""

    action: ActionView
    name: str
    handle: str
    resembles: Resembled | None
    facts: tuple[StatedFact, ...]
    withheld: bool
    missing: tuple[str, ...]


async def reasons_of(review: Review, account: str, event_id: str, language: str) -> Reasons:
    """Returns the reasons for one action, and notes in the audit that somebody made its statement.

    Raises `NotFound`, `Forbidden` where somebody must not know of the action yet, and `UnusableInput` where
    no statement is owed.
    """
    review.reader.need("case")
    if await review.hidden_accounts([account]):
        raise Forbidden(UNREAD)
    row = await actions.find(review.connection, account, event_id)
    if row is not None and not await without_sealed(review, [row]):
        raise Forbidden(UNREAD)
    action = None if row is None else view_of(row)
    if action is None:
        raise NotFound("the platform published no such action")
    if not action.needs_reasons:
        raise UnusableInput(
            "event", "no statement is owed: nothing was restricted, or an authority ordered it (Article 9)"
        )
    await review.note("statement", account, event=event_id, language=language)
    alert, lacking = await _alert_of(review, action)
    stated = ("ground", "clause", "source", "automated_detection", "automated_decision")
    lacking += [name for name in stated if getattr(action, name) is None]
    if alert is None:
        return Reasons(action, "", "", None, (), False, tuple(lacking))
    person, _ = people(alert)
    facts, withheld = facts_of(alert.evidence)
    return Reasons(
        action,
        redacted(person.name),
        redacted(person.handle),
        resembled(alert),
        facts,
        withheld,
        tuple(lacking),
    )


def resembled(alert: MirrorAlert) -> Resembled:
    if is_list(alert.matched.platform):
        return "listed"
    return "banned" if alert.matched.platform == alert.platform else "elsewhere"


def facts_of(evidence: Iterable[EvidenceLine]) -> tuple[tuple[StatedFact, ...], bool]:
    """Returns what of the evidence profiles show, and whether more of it speaks for a mirror."""
    speaking = [line for line in evidence if line.weight > 0 and not line.explained]
    public = [line for line in speaking if line.signal in PUBLIC]
    facts = tuple(
        StatedFact(line.signal, line.level, redacted(line.ours), redacted(line.theirs))
        if line.signal in QUOTED
        else StatedFact(line.signal, line.level)
        for line in public
    )
    return facts, len(public) < len(speaking)


async def _alert_of(review: Review, action: ActionView) -> tuple[MirrorAlert | None, list[str]]:
    """Returns the alert that led to an action, with the evidence as decided, and what is missing of it.

    An alert on another account is none: a publisher of actions could read its evidence by naming it. Nor is
    one that people did not hold to be a mirror: after a reversal no statement accuses.
    """
    alert_id = action.alert_id
    row = None if alert_id is None else await alerts.with_payload(review.connection, alert_id)
    if row is None or row.account != action.account:
        return None, ["facts"]
    shown = (await shown_evidence(review.connection, [row], as_decided=True)).get(row.alert_id)
    if shown is None:
        return None, ["facts"]
    holds = await verdicts.holding(review.connection, row.alert_id)
    if holds is not None and holds.verdict != "mirror":
        return None, ["verdict"]
    lacking = [] if holds is not None else ["verdict"]
    if shown.erased_at is not None:
        lacking.append("quotes")
    return review.policy.quotable(shown.alert), lacking
