"""Channels and groups that come back after a ban, and those that only look like it.

Titles are made of words, cities and what media call themselves; a description names three hobbies and a city.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from schemas.accounts import Account, Admin, Avatar
from simulate.evasion.strategies import STRATEGIES
from simulate.population.languages import LANGUAGES, tongue
from simulate.population.people import Population
from simulate.sampling import below, digits, one_of

PLATFORM: Final = "telegram"
_WITH_PICTURE: Final = frozenset({"photo"})


@dataclass(frozen=True, slots=True)
class Drawn:
    """A banned channel, a stranger's channel in its language, and the number of both."""

    rng: Random
    number: int
    banned: Account
    other: Account


Made = Callable[[Drawn], tuple[Account, Account]]
"""The new account and the banned one."""


def _title(rng: Random, language: str) -> str:
    words = tongue(language)
    return f"{one_of(rng, words.words)} {one_of(rng, words.cities).native} {one_of(rng, words.media)}"


def _text(rng: Random, language: str) -> str:
    """A description of four things in a row."""
    own = tongue(language)
    return ", ".join(one_of(rng, own.hobbies) for _ in range(3)) + f" — {one_of(rng, own.cities).native}"


def channel(rng: Random, number: str, language: str, population: Population, title: str = "") -> Account:
    """A channel with an owner and three admins of its own; ``title`` in place of one that is drawn."""
    person = population.equipped(rng, population.person(rng, platform=PLATFORM), _WITH_PICTURE)
    return Account(
        account_id=number,
        kind="channel",
        display_name=title or _title(rng, language),
        handle=f"{tongue(language).family.pick(rng).latin[0]}_{digits(rng, 4)}",
        bio=_text(rng, language),
        locale=language,
        avatar=Avatar(pdq=person.avatar.pdq, quality=person.avatar.quality) if person.avatar else None,
        created_by=f"owner{number}",
        admins=_admins(f"n{number}", 3),
    )


def _admins(lead: str, count: int, *, acted: bool = True) -> tuple[Admin, ...]:
    return tuple(Admin(account_id=f"{lead}{at}", acted=acted) for at in range(count))


def having(both: Mapping[str, Any], **ours: Any) -> Made:
    """The stranger's channel with fields that both have, and with some of its own."""

    def made(drawn: Drawn) -> tuple[Account, Account]:
        shared = {name: value(drawn) if callable(value) else value for name, value in both.items()}
        return replace(drawn.other, **shared, **ours), replace(drawn.banned, **shared)

    return made


def _copying(*names: str, **changed: Callable[[Drawn], Any]) -> Made:
    def made(drawn: Drawn) -> tuple[Account, Account]:
        own = {name: getattr(drawn.banned, name) for name in names}
        own |= {name: change(drawn) for name, change in changed.items()}
        return replace(drawn.other, **own), drawn.banned

    return made


def _owned(drawn: Drawn) -> tuple[Account, Account]:
    owner = Account(account_id=f"o{drawn.number}", handle=f"{drawn.banned.handle}")
    return replace(drawn.other, created_by=owner.account_id), owner


def _two_admins(drawn: Drawn) -> tuple[Account, Account]:
    both = _admins(f"both{drawn.number}", 2)
    return (
        _group(drawn.other, admins=(*both, *_admins(f"x{drawn.number}", 3))),
        _group(drawn.banned, admins=(*both, *_admins(f"y{drawn.number}", 5))),
    )


def _group(it: Account, **fields: Any) -> Account:
    return replace(it, kind="group", account_id=it.account_id.removeprefix("channel:"), **fields)


def _fans(drawn: Drawn) -> str:
    return f"{drawn.banned.display_name} {one_of(drawn.rng, tongue(str(drawn.banned.locale)).fans)}"


def _of_students(drawn: Drawn) -> tuple[Account, Account]:
    """Two classes of one school, whose secretary was made an admin of both."""
    city = one_of(drawn.rng, tongue(str(drawn.banned.locale)).cities).native
    secretary = Admin(account_id=f"secretary{drawn.number}")
    ours, theirs = (
        _group(
            one,
            display_name=f"{city} school {7 + below(drawn.rng, 6)}{one_of(drawn.rng, tuple('ABC'))} students",
            admins=(*one.admins, secretary),
        )
        for one in (drawn.other, drawn.banned)
    )
    return ours, theirs


def _news(drawn: Drawn) -> tuple[Account, Account]:
    """Two channels with news of one city, named as media are, with the same everyday description."""
    own = tongue(str(drawn.banned.locale))
    city, text = one_of(drawn.rng, own.cities), own.cliches.pick(drawn.rng)
    ours, theirs = (
        replace(one, display_name=f"{city.native} {one_of(drawn.rng, own.media)}", bio=text)
        for one in (drawn.other, drawn.banned)
    )
    return ours, theirs


def _victim(drawn: Drawn) -> tuple[Account, Account]:
    added = tuple(Admin(account_id=it.account_id) for it in drawn.other.admins if isinstance(it, Admin))
    return drawn.other, replace(drawn.banned, admins=added)


def _rival(drawn: Drawn) -> tuple[Account, Account]:
    link = _link(drawn)
    return replace(drawn.other, invite_links=(link,)), replace(drawn.banned, bio=f"join {link}")


def _link(drawn: Drawn) -> str:
    return f"https://t.me/+Zq{drawn.number:08d}xWv7"


MIRRORS: Final[Mapping[str, Made]] = {
    "same creator": having({"created_by": lambda drawn: f"c{drawn.number}"}),
    "owner banned": _owned,
    "two acting admins of 5 and 7": _two_admins,
    "same invitation": having({"invite_links": lambda drawn: (_link(drawn),)}),
    "same title and picture": _copying("display_name", "avatar"),
    "same title and picture, description translated": _copying(
        "display_name", "avatar", bio=lambda drawn: _text(drawn.rng, one_of(drawn.rng, LANGUAGES))
    ),
}
INNOCENTS: Final[Mapping[str, Made]] = {
    "news of one city": _news,
    "fans with their own picture": _copying(display_name=_fans),
    "classes of one school": _of_students,
    "channels of one marked bot": having({"created_by": "bot:77", "admins": (Admin(account_id="bot:77"),)}),
}
FRAMED: Final[Mapping[str, Made]] = {
    "victim made an admin of the banned one": _victim,
    "a rival's invitation printed": _rival,
}
NUMBERS: Final[Mapping[str, int]] = {name: len(STRATEGIES) + at for at, name in enumerate(MIRRORS, 1)}
"""The numbers of the mirrors, after those of people."""
