"""Who comes back to a platform that has banned for two years, when, and beside whom.

Sign-ups are of the last half day, so that a store prices their moment as a live one would. Of each way back
as many mirrors come in each span of time after their ban, from minutes to months. A mirror's ban is whichever
of all bans lies nearest to where it would have to be: none is moved or added, or the store would have more
recent bans than its platform has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from bench.running.crowd import SIGN_UPS_FROM, account_id, aged
from simulate.evasion.edits import EDIT_SETS
from simulate.evasion.lookalikes import INNOCENT_SHARES, INNOCENTS
from simulate.evasion.strategies import STRATEGIES
from simulate.population.people import Person, Population
from simulate.sampling import below, seeded

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

SPANS: Final = {
    "≤ 10 min": (2 * MINUTE, 10 * MINUTE),
    "≤ 1 h": (10 * MINUTE, HOUR),
    "≤ 1 day": (HOUR, DAY),
    "≤ 1 week": (DAY, 7 * DAY),
    "≤ 1 month": (7 * DAY, 30 * DAY),
    "≤ 6 months": (30 * DAY, 182 * DAY),
}
"""Times since the ban, each up to its end, and from where to where mirrors come in it (seconds)."""

SIGN_UPS_SECONDS: Final = 0.5 * DAY

ORDINARY: Final = "ordinary"


class Coming(NamedTuple):
    """One sign-up: a strategy's number, a kind of innocents or ``ordinary``; whose ban it is about; when."""

    kind: str
    banned: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Plan:
    """All sign-ups, in no order of their moments."""

    coming: tuple[Coming, ...]

    @property
    def banned(self) -> frozenset[int]:
        """The numbers of the bans that mirrors and innocents are made of."""
        return frozenset(one.banned for one in self.coming if one.banned is not None)


def planned(seed: int, bans: int, until: float, *, a_cell: int, others: int) -> Plan:
    """``a_cell`` mirrors of each strategy in each span, of the sixth twice as many, and so many ``others``.

    Of the others some resemble a banned account and are somebody else, at the shares of the simulation. When
    it was banned is no matter to them, so that any ban is as likely as another.
    """
    rng = seeded(seed, "plan of a whole platform")
    when = np.array([aged(number, until) for number in range(bans)])
    order = np.argsort(when)
    moments = when[order]

    def after(kind: str, first: float, last: float) -> Coming:
        since = first * (last / first) ** rng.random()
        wanted = until - SIGN_UPS_SECONDS * rng.random() - since
        place = int(np.searchsorted(moments, wanted))
        near = [it for it in (place - 1, place) if 0 <= it < bans and moments[it] + since <= until]
        chosen = min(near or [0], key=lambda it: abs(moments[it] - wanted))
        return Coming(kind, int(order[chosen]), float(moments[chosen]) + since)

    coming = [
        after(str(way.number), *span)
        for way in STRATEGIES
        for span in SPANS.values()
        for _ in range(2 * a_cell if way.number == 6 else a_cell)
    ]
    for _ in range(others):
        draw, kind = rng.random(), ORDINARY
        for name, share in INNOCENT_SHARES.items():
            if 0.0 <= draw < share:
                kind = name
            draw -= share
        at = until - SIGN_UPS_SECONDS * rng.random()
        banned = None if kind == ORDINARY else int(order[below(rng, int(np.searchsorted(moments, at)))])
        coming.append(Coming(kind, banned, at))
    return Plan(tuple(coming))


def signing_up(
    plan: Plan, seed: int, bans: int, banned: dict[int, Person], edits: str
) -> Iterator[tuple[Coming, Person]]:
    """The person behind each of the sign-ups; ``banned`` by their numbers, ``edits`` as of the simulation."""
    rng, population = seeded(seed, "sign-ups of a whole platform"), Population(seed + 1, bans)
    for number, one in enumerate(plan.coming):
        if one.banned is None:
            person = population.person(rng)
        elif one.kind in INNOCENTS:
            person = INNOCENTS[one.kind](population, EDIT_SETS[edits], banned[one.banned], rng)
        else:
            way = STRATEGIES[int(one.kind) - 1]
            person = way.mirror(population, EDIT_SETS[edits], banned[one.banned], rng)
        yield one, replace(person, account_id=account_id(SIGN_UPS_FROM + number))
