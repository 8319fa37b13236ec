"""Channels and groups that come back after a ban, and those that only look like it.

Titles are made of words, cities and what media call themselves in ten languages, or are real aliases of
listed groups; all else is drawn. A mirror is found where its own ban is alerted on; each is looked up at
every age of the ban, among few and among many other bans.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from bench.real.scenes import DAY, MINUTE, NOW, RANK, SIGN_UPS_A_DAY, _moment, crowd_of
from cli.inputs.input_files import InputLine
from cli.offline.offline_scoring import Offline
from samehand.normalize.text.everyday import EVERYDAY
from schemas.accounts import Account, AccountBanned, AccountCreated, Admin
from schemas.decoding.dates import from_seconds
from simulate.population.languages import LANGUAGES, tongue
from simulate.population.people import Population
from simulate.sampling import below, digits, one_of, seeded
from simulate.timeline.records import profile

AGES: Final = {"8 minutes": 8 * MINUTE, "20 days": 20 * DAY, "200 days": 200 * DAY}
STORES: Final = (30, 20_000)
CASES: Final = 100
MANAGED: Final = 500
"""Channels that a bot had before, which has no mark of a bot."""
_PLATFORM: Final = "telegram"
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
    said = [word for concept in ("media", "news") for word in EVERYDAY[concept].get(language, ("news",))]
    return f"{one_of(rng, words.words)} {one_of(rng, words.cities).native} {one_of(rng, said)}"


def _text(rng: Random, language: str) -> str:
    """A description of four things in a row."""
    own = tongue(language)
    return ", ".join(one_of(rng, own.hobbies) for _ in range(3)) + f" — {one_of(rng, own.cities).native}"


def _channel(rng: Random, number: str, language: str, population: Population, title: str = "") -> Account:
    person = profile(population.equipped(rng, population.person(rng, platform=_PLATFORM), _WITH_PICTURE))
    return Account(
        account_id=number,
        kind="channel",
        display_name=title or _title(rng, language),
        handle=f"{tongue(language).family.pick(rng).latin[0]}_{digits(rng, 4)}",
        bio=_text(rng, language),
        locale=language,
        avatar=person.avatar,
        created_by=f"owner{number}",
        admins=_admins(f"n{number}", 3),
    )


def _admins(lead: str, count: int, *, acted: bool = True) -> tuple[Admin, ...]:
    return tuple(Admin(account_id=f"{lead}{at}", acted=acted) for at in range(count))


def _having(both: Mapping[str, Any], **ours: Any) -> Made:
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
        replace(drawn.other, kind="group", admins=(*both, *_admins(f"x{drawn.number}", 3))),
        replace(drawn.banned, kind="group", admins=(*both, *_admins(f"y{drawn.number}", 5))),
    )


def _fans(drawn: Drawn) -> str:
    fans = EVERYDAY["admirer"].get(str(drawn.banned.locale), ("fans",))
    return f"{drawn.banned.display_name} {one_of(drawn.rng, fans).rstrip('*').replace('_', ' ')}"


def _of_students(drawn: Drawn) -> tuple[Account, Account]:
    """Two classes of one school, whose secretary was made an admin of both."""
    city = one_of(drawn.rng, tongue(str(drawn.banned.locale)).cities).native
    secretary = Admin(account_id=f"secretary{drawn.number}")
    ours, theirs = (
        replace(
            one,
            kind="group",
            display_name=f"{city} school {7 + below(drawn.rng, 6)}{one_of(drawn.rng, tuple('ABC'))} students",
            admins=(*one.admins, secretary),
        )
        for one in (drawn.other, drawn.banned)
    )
    return ours, theirs


def _news(drawn: Drawn) -> tuple[Account, Account]:
    """Two channels with news of one city, by what news are called, and the same everyday description."""
    language = str(drawn.banned.locale)
    city, said = one_of(drawn.rng, tongue(language).cities), EVERYDAY["news"].get(language, ("news",))
    text = tongue(language).cliches.pick(drawn.rng)
    ours, theirs = (
        replace(one, display_name=f"{city.native} {one_of(drawn.rng, said)}", bio=text)
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


_MANAGER: Final = (Admin(account_id="manager", acted=True),)
_OF_MANAGER: Final = _having({"admins": _MANAGER, "created_by": "manager"})
MIRRORS: Final[Mapping[str, Made]] = {
    "same creator": _having({"created_by": lambda drawn: f"c{drawn.number}"}),
    "owner banned": _owned,
    "two acting admins of 5 and 7": _two_admins,
    "same invitation": _having({"invite_links": lambda drawn: (_link(drawn),)}),
    "same title and picture": _copying("display_name", "avatar"),
    "same title and picture, description translated": _copying(
        "display_name", "avatar", bio=lambda drawn: _text(drawn.rng, one_of(drawn.rng, LANGUAGES))
    ),
}
INNOCENTS: Final[Mapping[str, Made]] = {
    "news of one city": _news,
    "fans with their own picture": _copying(display_name=_fans),
    "classes of one school": _of_students,
    "channels of one marked bot": _having({"created_by": "bot:77", "admins": (Admin(account_id="bot:77"),)}),
    "channels of one unmarked bot": _OF_MANAGER,
}
FRAMED: Final[Mapping[str, Made]] = {
    "victim made an admin of the banned one": _victim,
    "a rival's invitation printed": _rival,
}


def _draws(seed: int, count: int, aliases: Sequence[str]) -> list[Drawn]:
    """So many banned channels, every other one named as a listed group is."""
    rng, population = seeded(seed, "channels"), Population(seed, 6 * count)
    draws = []
    for number in range(count):
        language = one_of(rng, LANGUAGES)
        title = aliases[number % len(aliases)] if number % 2 else ""
        draws.append(
            Drawn(
                seeded(seed, f"channel {number}"),
                number,
                _channel(rng, f"b{number}", language, population, title),
                _channel(rng, f"a{number}", language, population),
            )
        )
    return draws


async def _bands(made: Made, draws: Sequence[Drawn], seed: int, bans: int) -> dict[str, list[str]]:
    """Returns the band of each new account, by age: on its own ban, or for innocents the best on any ban."""
    found = {}
    managed = made is _OF_MANAGER
    background = crowd_of(seed + 5, bans)
    for age, seconds in AGES.items():
        run = Offline(now=NOW, first_day=not managed, sign_ups_a_day=SIGN_UPS_A_DAY)
        cases = [made(_anew(drawn, seed)) for drawn in draws]
        at = [_moment(place, len(cases)) for place in range(len(cases))]
        banned = [(theirs, moment) for (_, theirs), moment in zip(cases, at, strict=True)]
        banned += [
            (replace(it.account, account_id=f"z{place}"), it.at) for place, it in enumerate(background)
        ]
        await run.enrol([InputLine(f"ban {place}", _banned(*one)) for place, one in enumerate(banned)])
        # A bot with no mark of one had others before, which have been counted.
        others = [replace(draws[0].other, account_id=f"m{place}") for place in range(MANAGED * managed)]
        events = [
            _created(replace(one, admins=_MANAGER, created_by="manager"), at[-1] - DAY - place)
            for place, one in enumerate(reversed(others))
        ]
        events += [_created(ours, moment + seconds) for (ours, _), moment in zip(cases, at, strict=True)]
        events.sort(key=lambda event: event.occurred_at)
        await run.screen([InputLine(event.event_id, event) for event in events])
        best: dict[str, str] = {}
        own = {ours.account_id: theirs.account_id for ours, theirs in cases}
        for alert in run.scored.alerts:
            if alert.account_id not in own:
                continue
            if made not in MIRRORS.values() or alert.matched.account_id == own[alert.account_id]:
                band = best.get(alert.account_id, "none")
                best[alert.account_id] = max(band, alert.band, key=RANK.__getitem__)
        found[age] = [best.get(ours.account_id, "none") for ours, _ in cases]
    return found


def _anew(drawn: Drawn, seed: int) -> Drawn:
    """The same draw at every age."""
    return Drawn(seeded(seed, f"scene {drawn.number}"), drawn.number, drawn.banned, drawn.other)


def _banned(account: Account, at: float) -> AccountBanned:
    return AccountBanned(
        event_id=f"ban-{account.account_id}",
        version=1,
        occurred_at=from_seconds(at),
        banned_at=from_seconds(at),
        platform=_PLATFORM,
        account=account,
    )


def _created(account: Account, at: float) -> AccountCreated:
    return AccountCreated(
        event_id=account.account_id,
        version=1,
        occurred_at=from_seconds(at),
        platform=_PLATFORM,
        account=account,
    )


def table(aliases: Sequence[str], *, seed: int, count: int, stores: Sequence[int] = STORES) -> Iterator[str]:
    """Returns the rows of the note: the shares that each scene found, by age; equal stores share a row."""
    draws = _draws(seed, count, aliases)
    yield "| % `possible`/`likely` | bans | " + " | ".join(AGES) + " |"
    yield "| --- | --- | " + " | ".join("---" for _ in AGES) + " |"
    for scenes in (MIRRORS, INNOCENTS, FRAMED):
        for name, made in scenes.items():
            rows: dict[str, list[str]] = {}
            for bans in stores:
                found = asyncio.run(_bands(made, draws, seed, bans))
                rows.setdefault(" | ".join(map(_shares, found.values())), []).append(f"{bans:,}")
            for shares, among in rows.items():
                yield f"| {name} | {'/'.join(among)} | {shares} |"


def _shares(bands: Sequence[str]) -> str:
    several = (sum(RANK[band] >= rank for band in bands) for rank in (1, 2))
    return "/".join(f"{100 * many / len(bands):.0f}" for many in several)
