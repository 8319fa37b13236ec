"""Innocent crowds: people who belong together, or have one cause, and sign up on one day.

Those who belong together are handed things: a network, a device, a card, a mail domain, a block of telephone
numbers, a model of phone, an invitation, a site to link to, a picture, words. Each crowd draws which of these
it hands out, so that all combinations occur; some of its people then keep what is their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, NamedTuple

from msgspec.structs import replace

from simulate.population import avatars, devices
from simulate.population.people import Person, Population
from simulate.population.phones import neighbouring, phone
from simulate.sampling import below, between, digits, one_of

FROM: Final = 1_790_000_000.0
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


class SignUp(NamedTuple):
    """A sign-up, its moment, and the wave or the crowd that it belongs to."""

    at: float
    person: Person
    of: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """What a crowd shares, each person of it to the extent that its kind says."""

    population: Population
    rng: Random
    name: str
    language: str
    network: str
    address: str
    agent: str
    number: str
    card: str
    tablets: list[str]
    picture: avatars.PictureHash
    star: Person
    hands_out: frozenset[str]

    @property
    def domain(self) -> str:
        return f"{self.name}.example"

    @property
    def chance(self) -> float:
        return self.rng.random()

    def office(self) -> str:
        """An address of the crowd's /24; where one router serves all, its address."""
        return self.address if "router" in self.hands_out else f"{self.network}.{between(self.rng, 1, 254)}"

    def shown(self, edits: float = 0.3) -> avatars.PictureHash:
        """The crowd's picture, a share of times as platforms and phones change it."""
        edit = avatars.TUNING.pick(self.rng)
        return avatars.edited(self.rng, self.picture, edit) if self.chance < edits else self.picture

    def equipped(self, one: Person) -> Person:
        """The person with what the crowd hands out."""
        handed: dict[str, Callable[[], dict[str, object]]] = {
            "tablet": lambda: {"device_id": one_of(self.rng, self.tablets), "user_agent": self.agent},
            "model": lambda: {"user_agent": self.agent},
            "place": lambda: {"ip": self.office()},
            "mail": lambda: {"email": f"{one.given.latin[0]}.{one.family.latin[0]}@{self.domain}".lower()},
            "block": lambda: {"phone": neighbouring(self.rng, self.number)},
            "card": lambda: {"payment_token": self.card},
            "invitation": lambda: {"referrer": f"invite/{self.name}"},
            "site": lambda: {"links": (f"https://{self.domain}",) if self.chance < 0.6 else one.links},
            "logo": lambda: {"avatar": self.shown() if self.chance < 0.6 else one.avatar},
            "helper": lambda: {"phone": self.number},
            "words": lambda: {
                "bio": f"New at {self.name} this year. Ask me about our work, our rules and us!"
            },
        }
        changes: dict[str, object] = {}
        for trait in sorted(self.hands_out & handed.keys()):
            changes |= handed[trait]()
        return replace(one, **changes)


class Kind(NamedTuple):
    """A kind of crowd: how large, over which time, what it may hand out and how often, who its people are.

    ``own``: the share of its people who come from home, by a phone and a mailbox of their own.
    """

    least: int
    most: int
    seconds: float
    hands_out: Mapping[str, float]
    person: Callable[[Crowd, Person, int], Person]
    own: float = 0.2


def _pupil(crowd: Crowd, one: Person, _: int) -> Person:
    given, name = one.given.latin[0], crowd.name
    bio = one_of(crowd.rng, (one.bio, f"{given}, class of 2027 at {name} high", f"{name} high | {given}"))
    return replace(one, bio=bio)


def _colleague(crowd: Crowd, one: Person, _: int) -> Person:
    job, name = one_of(crowd.rng, ("Design", "Sales", "Engineering", "People", "Legal")), crowd.name
    bio = one_of(crowd.rng, (one.bio, f"{job} at {name}. Views are my own.", f"{job} @ {name}"))
    return replace(one, bio=bio)


def _guest(crowd: Crowd, one: Person, _: int) -> Person:
    given, name = one.given.latin[0], crowd.name
    words = (one.bio, f"{one.bio or given} | see you at {name} 2026", f"{given} at #{name}")
    links = (f"https://{crowd.domain}/2026",) if crowd.chance < 0.3 else one.links
    return replace(one, bio=one_of(crowd.rng, words), links=links)


def _chapter(crowd: Crowd, one: Person, number: int) -> Person:
    """A local chapter of a party or a club, named after its town, with the words that the party gave it."""
    name, town = crowd.name, f"{one.family.latin[0]}{('ville', 'burg', 'ton', 'field')[number % 4]}"
    words = (
        f"{name} in {town.title()}. Come to our meetings, everybody is welcome!",
        f"The {town.title()} chapter of {name}",
        one.bio,
    )
    return replace(
        one,
        handle=crowd.population.claim(crowd.rng, "x", f"{name}_{town}"),
        display_name=f"{name.title()} {town.title()}",
        bio=one_of(crowd.rng, words),
        email=f"{town}@{crowd.domain}" if "mail" in crowd.hands_out else one.email,
    )


def _relative(crowd: Crowd, one: Person, _: int) -> Person:
    """Of one family name, now and then with the family's mailbox or the number of a parent."""
    given, family = one.given.latin[0], crowd.star.family
    named = replace(one, family=family, display_name=f"{given.title()} {family.latin[0].title()}")
    if crowd.chance < 0.5:
        handle = crowd.population.claim(crowd.rng, "x", f"{given}_{family.latin[0]}")
        named = replace(named, handle=handle)
    if "parent" in crowd.hands_out and crowd.chance < 0.7:
        named = replace(named, phone=crowd.number, email=f"{family.latin[0]}.home+{given}@gmail.com".lower())
    return named


def _visitor(crowd: Crowd, one: Person, _: int) -> Person:
    """Somebody of any language at a shelter's or a library's computer."""
    return crowd.population.person(crowd.rng, platform="x")


def _subscriber(crowd: Crowd, one: Person, _: int) -> Person:
    return replace(one, ip=f"{crowd.network}.{below(crowd.rng, 4)}", user_agent=crowd.agent)


def _customer(crowd: Crowd, one: Person, _: int) -> Person:
    return replace(one, user_agent=crowd.agent, referrer="https://store.example/app")


def _runner(crowd: Crowd, one: Person, _: int) -> Person:
    """A user of an app, which fills in words and picture."""
    runs = between(crowd.rng, 1, 40)
    bio = f"{one.given.latin[0]} is on {crowd.name} - {runs} runs this month. Join me for the next one!"
    join = f"https://{crowd.domain}/join"
    return replace(one, bio=bio, avatar=crowd.picture, user_agent=crowd.agent, referrer=join)


def _campaigner(crowd: Crowd, one: Person, _: int) -> Person:
    """Somebody who shows a campaign's picture, as platforms and phones change it, its words or its tag."""
    name = crowd.name
    words = f"We stand with the people of {name}: open the river for everybody, now and not next year"
    bio = one_of(
        crowd.rng, (words, f"{one.bio or one.handle} | {words}", f"{one.bio or one.handle} #{name}", one.bio)
    )
    shown = crowd.shown(1.0) if crowd.chance < 0.6 else one.avatar
    links = (f"https://{name}.example",) if crowd.chance < 0.25 else one.links
    return replace(one, bio=bio, avatar=shown, links=links)


def _fan(crowd: Crowd, one: Person, _: int) -> Person:
    """Somebody who signs up under a star's name on the day of a concert."""
    rng, given, family = crowd.rng, crowd.star.given.latin[0], crowd.star.family.latin[0]
    handle = one_of(
        rng, (f"{given}_{family}{digits(rng, 2)}", f"{given}{family}_fan", f"{family}{given}", one.handle)
    )
    return replace(
        one,
        handle=crowd.population.claim(rng, "x", handle) if handle and handle != one.handle else one.handle,
        display_name=one_of(rng, (one.display_name, f"{given} {family}", f"{given} {family} fan")),
        bio=one_of(
            rng, (one.bio, f"{given} {family} forever", f"{one.bio or given} | {given} {family} forever")
        ),
        avatar=crowd.shown(1.0) if crowd.chance < 0.3 else one.avatar,
        ip=f"{crowd.network}.{below(rng, 4)}" if crowd.chance < 0.3 else one.ip,
    )


_CLASS: Final = {
    "place": 1.0,
    "router": 1.0,
    "mail": 0.8,
    "model": 1.0,
    "tablet": 0.5,
    "invitation": 0.5,
    "site": 0.4,
    "logo": 0.3,
}
_COMPANY: Final = {
    "place": 0.9,
    "router": 0.5,
    "mail": 0.9,
    "block": 0.7,
    "model": 0.8,
    "invitation": 0.7,
    "card": 0.3,
    "tablet": 0.2,
    "site": 0.7,
    "logo": 0.4,
}
_CHAPTERS: Final = {
    "place": 0.3,
    "mail": 0.8,
    "block": 0.4,
    "invitation": 0.7,
    "card": 0.3,
    "tablet": 0.2,
    "site": 0.9,
    "logo": 0.9,
}
_FAMILY: Final = {"place": 1.0, "router": 1.0, "card": 0.8, "tablet": 0.6, "parent": 0.3, "logo": 0.3}
_CARD: Final = {"card": 1.0, "mail": 0.6, "invitation": 0.5, "block": 0.3, "site": 0.5, "logo": 0.3}
_SHELTER: Final = {"place": 1.0, "router": 1.0, "tablet": 1.0, "helper": 0.3}

_KINDS: Final = {
    "class": Kind(15, 32, 45 * MINUTE, _CLASS, _pupil),
    "company": Kind(10, 60, 8 * HOUR, _COMPANY, _colleague),
    "chapters": Kind(8, 40, 10 * HOUR, _CHAPTERS, _chapter, own=0.1),
    "family": Kind(5, 9, 2 * HOUR, _FAMILY, _relative, own=0.0),
    "card": Kind(6, 40, 8 * HOUR, _CARD, _colleague),
    "shelter": Kind(10, 60, 10 * HOUR, _SHELTER, _visitor, own=0.1),
    "event": Kind(30, 150, 5 * HOUR, {"place": 1.0, "router": 1.0, "invitation": 1.0, "tablet": 0.3}, _guest),
    "campaign": Kind(40, 150, 12 * HOUR, {}, _campaigner),
    "fans": Kind(20, 60, 6 * HOUR, {}, _fan),
    "app": Kind(30, 300, DAY, {}, _runner),
    "carrier": Kind(200, 500, DAY, {}, _subscriber, own=0.0),
    "release": Kind(1_500, 1_500, 2 * HOUR, {}, _customer),
}
_SMALL: Final = ("class", "company", "chapters", "family", "card", "shelter")

TURNS: Final = (*_SMALL, "event", "campaign", *_SMALL, "fans", "carrier", *_SMALL, "app", *_SMALL, "release")
"""Kinds of crowds, each as often as it comes among a day's sign-ups."""


def crowd(population: Population, rng: Random, kind: str, number: int, seconds: float) -> Iterator[SignUp]:
    """People who belong together, or have one cause."""
    of_kind = _KINDS[kind]
    begins = FROM + rng.random() * max(seconds - of_kind.seconds, 1.0)
    language, network = one_of(rng, ("en", "es", "tr", "ur", "ar")), f"198.51.{number % 250}"
    star = population.person(rng, language, platform="x")
    shared = Crowd(
        population,
        rng,
        f"{kind}{number}",
        language,
        network,
        f"{network}.{between(rng, 1, 254)}",
        devices.user_agent(rng),
        phone(rng, star.country),
        devices.payment_token(rng),
        [f"{rng.getrandbits(64):016x}" for _ in range(between(rng, 1, 3))],
        avatars.photo(rng),
        star,
        frozenset(trait for trait, often in of_kind.hands_out.items() if rng.random() < often),
    )
    for member in range(between(rng, of_kind.least, of_kind.most)):
        one = population.person(rng, language, platform="x")
        one = shared.equipped(of_kind.person(shared, one, member))
        if rng.random() < of_kind.own:
            own = population.person(rng, language, platform="x")
            one = replace(one, **{name: getattr(own, name) for name in _OWN})
        yield SignUp(begins + rng.random() * of_kind.seconds, one, shared.name)


_OWN: Final = ("ip", "email", "referrer", "user_agent", "device_id")
