"""The page of a family, drawn as a tree and as a nested list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from litestar import get
from litestar.params import FromPath
from litestar.response import Template

from desk.review.finding.family import ACCOUNTS_MAX, FamilyMember
from desk.review.reasons import TEMPLATES
from desk.web.addresses import key_at
from desk.web.api import Asked, desk_of
from desk.web.view import page, view_of
from report.waterfall.words import SIGNALS
from samehand.scoring.evidence import SENTENCES

_BOX: Final = (208, 58)
"""Width and height of an account: three lines of text of 13 pixels."""

_STEP: Final = (264, 68)
"""From a generation, and from an account, to the next."""

_APART: Final = 9
"""From a link of the tree to one beside it, where both meet an account."""


@dataclass(frozen=True, slots=True)
class Box:
    """An account as it is drawn. `left`, `top`: its corner; `edge`: the path of its link, "" of the root."""

    member: FamilyMember
    left: float
    top: float
    edge: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A family as it is drawn. `further`: paths of links beside those of the tree, each with its state."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    further: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the nested list. `opens`: those linked to it follow; `closes`: lists that end."""

    member: FamilyMember
    opens: bool
    closes: int


def entries(members: Sequence[FamilyMember]) -> list[Entry]:
    """Returns the nested list as lines, so that no depth of a family is one of calls."""
    depths = [member.depth for member in members] + [0]
    return [
        Entry(member, depths[place + 1] > member.depth, max(0, member.depth - depths[place + 1]))
        for place, member in enumerate(members)
    ]


def drawing(members: Sequence[FamilyMember], *, mirrored: bool) -> Drawing:
    """Returns a family as it is drawn: a column for each step from the root, from the right if `mirrored`."""
    width = _STEP[0] * max(member.depth for member in members) + _BOX[0]
    tops, height = _tops(members)
    lefts = [_STEP[0] * member.depth for member in members]
    middle, bend = _BOX[1] / 2, (_STEP[0] - _BOX[0]) / 2

    def x(value: float) -> float:
        return width - value if mirrored else value

    boxes, further = [], []
    place_of = {member.person.key: place for place, member in enumerate(members)}
    for place, member in enumerate(members):
        left, y, edge = lefts[place], tops[place] + middle, ""
        if member.parent is not None:
            begin = lefts[member.parent] + _BOX[0]
            edge = f"M{x(begin):g} {tops[member.parent] + middle:g}H{x(begin + bend):g}V{y:g}H{x(left):g}"
        boxes.append(Box(member, x(left + _BOX[0]) if mirrored else left, tops[place], edge))
        for link in member.others:
            other = place_of.get(link.banned.key)
            if other is not None:
                leftwards = lefts[other] < left
                end = lefts[other] + _BOX[0] if leftwards else lefts[other]
                turn, end_y = end + (bend if leftwards else -bend), tops[other] + middle + _APART
                curve = f"{x(left - bend):g} {y + _APART:g} {x(turn):g} {end_y:g} {x(end):g} {end_y:g}"
                further.append((f"M{x(left):g} {y + _APART:g}C{curve}", link.state))
    return Drawing(width, height, tuple(boxes), tuple(further))


def _tops(members: Sequence[FamilyMember]) -> tuple[list[float], float]:
    """Returns where each account begins, from above, and the height of all.

    An account stands in the middle of those linked to it, and the others below each other.
    """
    tops, leaves = [0.0] * len(members), 0
    spans: dict[int, tuple[float, float]] = {}
    for place in reversed(range(len(members))):  # each comes before those linked to it
        if place in spans:
            tops[place] = sum(spans[place]) / 2
        else:
            tops[place] = -float(_STEP[1] * leaves)
            leaves += 1
        parent = members[place].parent
        if parent is not None:
            spans[parent] = (tops[place], spans.get(parent, (0.0, tops[place]))[1])
    highest = float(_STEP[1] * (leaves - 1))
    return [top + highest for top in tops], highest + _BOX[1]


@get("/families/{platform:str}/{account_id:path}")
async def family(request: Asked, platform: FromPath[str], account_id: FromPath[str]) -> Template:
    """The family of an account, whichever of its members it is."""
    view = await desk_of(request).family(request.user.reader, key_at(request, platform, account_id))
    members = view.members
    return page(
        request,
        "family.html",
        shown=view,
        root=members[0],
        entries=entries(members),
        drawing=drawing(members, mirrored=view_of(request).language.direction == "rtl"),
        counted={state: sum(member.state == state for member in members) for state in STATES},
        generations=max(member.generation for member in members if member.state not in ("waits", "cut")),
        most=ACCOUNTS_MAX,
        states=STATES,
        signals=SIGNALS,
        levels=SENTENCES,
        templates=TEMPLATES,
        may_cut=request.user.reader.may("take-back"),
    )


STATES: Final = {
    "root": "root",
    "mirror": "decided: a mirror",
    "stated": "linked before this desk knew it",
    "waits": "not decided",
    "cut": "link cut",
}
"""What is said of an account by the state of its link."""
