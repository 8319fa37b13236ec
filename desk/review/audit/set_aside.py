"""Distinguishes heads that a restored backup left behind from those that an attacker wants removed.

A database that was put back to a backup has lost the lines since, while their heads are on Kafka. Somebody
can acknowledge exactly those heads, by a line of the chain that names each of them. It counts once its own
head was published as one that sets heads aside: a desk never does so, so that writing to the database is not
enough. Every later verification reports what was acknowledged.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import audit as rows
from desk.database import users
from desk.errors import NotFound, UnusableInput
from desk.readers import may
from desk.review.audit.chain import SET_ASIDE, AcknowledgedGap, Break, Chain, Head, against, contradiction

HEADS_A_LINE: Final = 500
"""Forty kilobytes; a day's heads, one a minute, take three lines."""


@dataclass(frozen=True, slots=True)
class LostHeads:
    """Heads that were lost together, as they were published: by rising numbers, none between that holds.

    ``intact_until``: the last line before them of which a head holds, 0 for none.
    """

    intact_until: int
    heads: tuple[Head, ...]


@dataclass(frozen=True, slots=True)
class AuditComparison:
    """What the chain and the published heads say of each other."""

    broken: Break | None
    runs: tuple[LostHeads, ...]  # that the chain contradicts, and nobody has set aside
    counted: tuple[AcknowledgedGap, ...]
    uncounted: tuple[
        AcknowledgedGap, ...
    ]  # lines that set heads aside, and whose own head was not published as such


def compare(chain: Chain, hashes: dict[int, str], published: Sequence[Head]) -> AuditComparison:
    """Holds a chain that was followed to its end to the heads, in the order in which they were published.

    ``hashes``: of each line that a head names. Of a chain that is broken inside no head is said to be lost.
    """
    if chain.broken is not None:
        return AuditComparison(chain.broken, (), (), tuple(chain.gaps))
    by_head = {Head(gap.number, gap.hash): gap for gap in chain.gaps}
    before, acknowledged, counted = set[Head](), set[Head](), list[AcknowledgedGap]()
    for head in published:
        gap = by_head.get(head) if head.sets_aside else None
        if gap is not None and gap not in counted:
            counted.append(gap)
            acknowledged |= before.intersection(gap.heads)  # nobody acknowledges what is lost later
        before.add(head)
    facing = [head for head in published if head not in acknowledged]
    lost = {head for head in facing if contradiction(hashes, chain.number, head) is not None}
    return AuditComparison(
        broken=against(hashes, chain.number, lost),
        runs=tuple(_runs(published, lost, acknowledged)),
        counted=tuple(sorted(counted, key=lambda gap: gap.number)),
        uncounted=tuple(gap for gap in chain.gaps if gap not in counted),
    )


def _runs(published: Sequence[Head], lost: set[Head], acknowledged: set[Head]) -> Iterator[LostHeads]:
    held, run = list[int](), list[Head]()  # numbers that hold, rising
    for head in published:
        if head in lost:
            if run and head.number > run[-1].number:
                run.append(head)
                continue
            if run and head == run[-1]:  # sent twice, where its confirmation was lost
                continue
        if run:
            yield LostHeads(_before(held, run[0].number), tuple(run))
            run = []
        if head in lost:
            run = [head]
        elif head not in acknowledged:
            while held and held[-1] >= head.number:
                held.pop()
            held.append(head.number)
    if run:
        yield LostHeads(_before(held, run[0].number), tuple(run))


def _before(held: Sequence[int], number: int) -> int:
    place = bisect_left(held, number)
    return held[place - 1] if place else 0


def up_to(runs: Iterable[LostHeads], named: Head) -> LostHeads | None:
    """The heads that were lost together up to one that is named; None where that one is not lost."""
    for run in runs:
        if named in run.heads:
            return LostHeads(run.intact_until, run.heads[: run.heads.index(named) + 1])
    return None


async def set_aside(
    connection: AsyncConnection, run: LostHeads, *, name: str, reason: str, now: float
) -> list[Head]:
    """Adds the lines that set a run aside. Returns their own heads, which are to be published.

    Raises `NotFound` where nobody has the name, `UnusableInput` where they may not read the audit.
    """
    person = await users.by_name(connection, name)
    if person is None:
        raise NotFound(f"there is nobody called {name!r}; `samehand desk users list` lists the people")
    if person.disabled_at is not None or not may(person.role, "audit"):
        raise UnusableInput("by", f"{name!r} is no auditor who may sign in; `samehand desk users` adds one")
    heads = list[Head]()
    for first in range(0, len(run.heads), HEADS_A_LINE):
        part = run.heads[first : first + HEADS_A_LINE]
        await rows.note(
            connection,
            "command-line",
            SET_ASIDE,
            str(part[-1]),
            now=now,
            by=person.user_id,
            reason=reason,
            kept=run.intact_until,
            heads=[str(head) for head in part],
        )
        line = await rows.last(connection)
        assert line is not None  # it was added just now
        heads.append(Head(line.number, line.hash))
        # Else a database that kept the note of a head would be held to it by each desk.
        await rows.forget_heads(connection, [(head.number, head.hash) for head in part])
    return heads
