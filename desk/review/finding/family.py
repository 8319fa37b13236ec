"""A family: the accounts that verdicts link to one banned account, and those that may be linked to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from desk.database import alerts, users, verdicts
from desk.database.alerts import QuotedAlertRow
from desk.database.finding import families
from desk.database.schema import AlertRow, VerdictRow
from desk.database.verdicts import TAKE_BACK
from desk.errors import NotFound
from desk.review.deciding.review import Review
from desk.review.evidence import ShownEvidence, evidence_as_decided, pair_of
from desk.review.people import Person, person_of
from desk.review.seal import Seal
from desk.review.views import StrongestTrait, signed, strongest

ACCOUNTS_MAX: Final = 300
"""Accounts that are drawn: families in the wild reach some hundred, and nobody surveys more at once."""

_LINKS_MAX: Final = 2 * ACCOUNTS_MAX
"""Links that are read: an account may be linked to several others."""

_TRAITS_MAX: Final = 3

LinkState = Literal["mirror", "waits", "cut"]


@dataclass(frozen=True, slots=True)
class Link:
    """An alert that links an account to `banned`, with its evidence as it was decided.

    state         mirror: that verdict holds; cut: it was taken back; waits: undecided, or hidden
    band, traits  None and empty where hidden
    decided_at    Unix seconds, by whom and why; None and empty of what waits
    erased_at     when, and why, what it quoted was erased
    """

    alert_id: str
    banned: Person
    state: LinkState
    detected_at: float
    band: str | None
    traits: tuple[StrongestTrait, ...]
    decided_at: float | None
    by: str
    reason_code: str
    erased_at: float | None
    erased_reason: str | None


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """An account of a family. Members come in the order of the tree, each before those linked to it.

    depth       links from the root, by the shortest way; `generation` differs where alerts alone state it
    parent      the place of the member that it is linked to; None for the root
    link        None for the root, and for an account whose link is not known at this desk
    others      further links: to other accounts, those taken back, and those of the root to another family
    banned_at   Unix seconds, where an alert states it
    """

    person: Person
    depth: int
    generation: int
    parent: int | None
    link: Link | None
    others: tuple[Link, ...]
    banned_at: float | None

    @property
    def state(self) -> str:
        """The state of its link; `root`, or `stated` where no alert here has the link."""
        if self.parent is None:
            return "root"
        return "stated" if self.link is None else self.link.state


@dataclass(frozen=True, slots=True)
class FamilyView:
    """A family as one person may see it. `more`: some accounts are not shown; `words_hidden`: of some, what
    others said is not shown.
    """

    members: tuple[FamilyMember, ...]
    more: bool
    words_hidden: bool


async def family_view(review: Review, key: str) -> FamilyView:
    """Returns the family of an account: those nearest to its root first, then the newest that wait.

    Raises `NotFound` where no alert names the account, as an account or as the root of a family.
    """
    connection, user_id = review.connection, review.reader.user_id
    seen_by = user_id if review.reader.may("decide") else None
    above = await families.links_above(connection, key, seen_by=seen_by, limit=_LINKS_MAX)
    top = _topmost(key, above)
    root = await families.stated_root(connection, top, seen_by=seen_by) or top
    known = await families.stated(connection, root, ACCOUNTS_MAX, seen_by=seen_by)
    stated = {row.account: row.generation for row in known}
    below = await families.links_below(connection, root, seen_by=seen_by, limit=_LINKS_MAX)
    tree = _Tree(root, stated)
    tree.grow(below)
    near = await families.near(connection, root, tree.depths, seen_by=seen_by, limit=ACCOUNTS_MAX)
    at_edge = [row.alert_id for row in near]
    quoted = await alerts.with_payloads(connection, {*at_edge, *(row.alert_id for row in below)})
    if len(tree.depths) == 1 and not quoted:
        raise NotFound("no alert names this account")
    tree.add_leaves(quoted[alert_id] for alert_id in at_edge)
    given = await verdicts.of_alerts(connection, quoted.keys())
    seals = {row.alert_id: Seal(user_id, row.hidden, row.hidden) for row in near}
    held = {alert_id: _held(seals.get(alert_id), rows) for alert_id, rows in given.items()}
    decided = [alert_id for alert_id, verdict in held.items() if verdict is not None]
    shown = await evidence_as_decided(connection, [*quoted.values()], decided)
    names = await users.initials(connection)
    links = {
        alert_id: _link(row, shown.get(alert_id), seals.get(alert_id, Seal(user_id)), held[alert_id], names)
        for alert_id, row in quoted.items()
    }
    return FamilyView(
        members=tree.members(quoted.values(), links, shown),
        more=tree.full or len(near) == ACCOUNTS_MAX or len(below) == _LINKS_MAX,
        words_hidden=any(row.hidden for row in near),
    )


def _topmost(key: str, above: Sequence[AlertRow]) -> str:
    """Returns the account to which an account's links lead, along the earliest of each; of a circle the one
    that was linked to first."""
    earliest: dict[str, AlertRow] = {}
    for row in sorted(above, key=_by_time):
        earliest.setdefault(row.account, row)
    passed = [key]
    while link := earliest.get(passed[-1]):
        if link.banned in passed:
            circle = passed[passed.index(link.banned) :]
            return min((earliest[account] for account in circle), key=_by_time).banned
        passed.append(link.banned)
    return passed[-1]


class _Tree:
    """Places accounts below the root; each by its earliest link to those nearest to it."""

    def __init__(self, root: str, stated: Mapping[str, int]) -> None:
        self.depths = {root: 0}
        self.full = False
        self._root, self._stated = root, stated
        self._parents: dict[str, str] = {}
        self._links: dict[str, str] = {}
        for account in stated:
            self._place(account, root, None)

    def grow(self, links: Iterable[AlertRow]) -> None:
        """Places everything that links lead to, step by step."""
        of: dict[str, list[AlertRow]] = {}
        for row in sorted(links, key=_by_time):
            of.setdefault(row.banned, []).append(row)
        waiting = list(self.depths)
        for account in waiting:  # which grows meanwhile
            waiting += [row.account for row in of.get(account, ()) if self._place(row.account, account, row)]

    def add_leaves(self, rows: Iterable[AlertRow]) -> None:
        """Places accounts at the edge; nothing is placed below them."""
        members = set(self.depths)
        for row in rows:
            if row.banned in members:
                self._place(row.account, row.banned, row)

    def members(
        self, rows: Iterable[QuotedAlertRow], links: Mapping[str, Link], shown: Mapping[str, ShownEvidence]
    ) -> tuple[FamilyMember, ...]:
        people: dict[str, Person] = {}
        banned_at: dict[str, float] = {}
        others: dict[str, list[Link]] = {}
        for row in sorted(rows, key=_by_time):
            for person in pair_of(row, shown):
                if person.name or person.handle:
                    people.setdefault(person.key, person)
            evidence = shown.get(row.alert_id)
            if evidence is not None and evidence.alert.matched.banned_at is not None:
                banned_at[row.banned] = evidence.alert.matched.banned_at.timestamp()
            if self._links.get(row.account) != row.alert_id:
                others.setdefault(row.account, []).append(links[row.alert_id])
        children: dict[str, list[str]] = {}
        for account, parent in self._parents.items():
            children.setdefault(parent, []).append(account)
        made: list[FamilyMember] = []
        waiting: list[tuple[str, int | None, int]] = [(self._root, None, 0)]
        while waiting:
            account, place, generation = waiting.pop()
            link = links.get(self._links.get(account, ""))
            made.append(
                FamilyMember(
                    person=people.get(account) or person_of(account),
                    depth=self.depths[account],
                    generation=generation,
                    parent=place,
                    link=link if link is None else _calling(link, people),
                    others=tuple(_calling(other, people) for other in others.get(account, ())),
                    banned_at=banned_at.get(account),
                )
            )
            waiting += [
                (child, len(made) - 1, self._stated.get(child, generation + 1))
                for child in reversed(children.get(account, []))
            ]
        return tuple(made)

    def _place(self, account: str, parent: str, link: AlertRow | None) -> bool:
        if account in self.depths:
            return False
        if len(self.depths) == ACCOUNTS_MAX:
            self.full = True
            return False
        self.depths[account] = self.depths[parent] + 1
        self._parents[account] = parent
        if link is not None:
            self._links[account] = link.alert_id
        return True


def _by_time(row: AlertRow) -> tuple[float, str]:
    return row.arrived_at, row.alert_id  # which no later revision changes


def _calling(link: Link, people: Mapping[str, Person]) -> Link:
    """The link, with its other account as other alerts call it."""
    return replace(link, banned=people.get(link.banned.key) or link.banned)


def _held(seal: Seal | None, given: Sequence[VerdictRow]) -> VerdictRow | None:
    """Returns the verdict that links, or that took a link back; None of what waits, or seems to."""
    holds = verdicts.holding_of(given)
    if holds is None or (seal is not None and seal.words):
        return None
    return holds if holds.verdict == "mirror" or holds.kind == TAKE_BACK else None


def _link(
    row: QuotedAlertRow,
    evidence: ShownEvidence | None,
    seal: Seal,
    held: VerdictRow | None,
    names: Mapping[str, str],
) -> Link:
    state: LinkState = "waits"
    if held is not None:
        state = "cut" if held.kind == TAKE_BACK else "mirror"
    return Link(
        alert_id=row.alert_id,
        banned=person_of(row.banned),
        state=state,
        detected_at=row.detected_at,
        band=seal.scored(row.band if evidence is None else evidence.alert.band),
        traits=() if evidence is None or seal.score else strongest(evidence.alert, _TRAITS_MAX),
        decided_at=None if held is None else held.decided_at,
        by="" if held is None else signed(held, names),
        reason_code="" if held is None else held.reason_code,
        erased_at=None if evidence is None else seal.told(evidence.erased_at),
        erased_reason=None if evidence is None else seal.told(evidence.erased_reason),
    )
