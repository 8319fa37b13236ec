"""Real changes of name with facts beside them: who comes back after a ban, and who only looks like it.

Each banned old handle of a real pair comes back under its new one, some time after its own ban, with some
facts kept; all else is absent, or present and different. Then the innocent: who shares something with a
banned account for a reason that is nobody's fault. Names of pairs are real; all else is drawn.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from desk.cli.backtest.intervals import Share
from desk.cli.files import Line
from desk.cli.offline import Offline
from schemas.accounts import Account, AccountBanned, AccountCreated
from schemas.dates import from_seconds
from simulate.bios import cliche
from simulate.draws import below, digits, one_of, seeded
from simulate.innocents import relative
from simulate.people import TRAITS, Person, Population
from simulate.records import profile
from simulate.tongues import tongue

PAIRS: Final = 300
INNOCENT: Final = 5_000
MINUTE, DAY = 60.0, 86_400.0
DELAYS: Final = {"10 minutes": 10 * MINUTE, "a day": DAY, "60 days": 60 * DAY}
NOW: Final = 1_800_000_000.0
SPREAD_SECONDS: Final = 2 * 365 * DAY
"""Bans are spread evenly over so long, the last of them a year and a day before :data:`NOW`."""
_LAST_BAN: Final = NOW - 366 * DAY
_PLATFORM: Final = "x"
_OWN_WORDS_MIN: Final = 30  # characters of a self-description that is no cliché
_FACTS: Final = ("device_id", "ip", "bio", "avatar", "email")


@dataclass(frozen=True, slots=True)
class Banned:
    """A banned account, when it was banned (Unix seconds), and who stands behind it."""

    account: Account
    at: float
    person: Person
    new_handle: str | None = None


_RANK: Final = {"none": 0, "possible": 1, "likely": 2}

Change = Callable[[Random, Banned], dict[str, Any]]
"""The fields that an account has from the banned one."""


def _device(rng: Random, banned: Banned) -> dict[str, Any]:
    return {"device_id": banned.account.device_id}


def _prefix(rng: Random, banned: Banned) -> dict[str, Any]:
    """Another address of the same /24."""
    head, last = str(banned.account.ip).rsplit(".", 1)
    other = 1 + below(rng, 253)
    return {"ip": f"{head}.{other + (other >= int(last))}"}


def _bio(rng: Random, banned: Banned) -> dict[str, Any]:
    """One word exchanged for another of the same language."""
    words = re.split(r"(\s+)", str(banned.account.bio))
    place = 2 * below(rng, (len(words) + 1) // 2)
    words[place] = one_of(rng, tongue(banned.person.language).hobbies)
    return {"bio": "".join(words)}


def _picture(rng: Random, banned: Banned) -> dict[str, Any]:
    return {"avatar": banned.account.avatar}


def _email(rng: Random, banned: Banned) -> dict[str, Any]:
    return {"email": banned.account.email}


def _handle(rng: Random, banned: Banned) -> dict[str, Any]:
    return {"handle": banned.account.handle}


def _five_digits(rng: Random, banned: Banned) -> dict[str, Any]:
    return {"handle": f"{banned.account.handle}{digits(rng, 5)}"}


SCENES: Final[Mapping[str, tuple[Change, ...]]] = {
    "nothing but the new name": (),
    "same /24": (_prefix,),
    "same device": (_device,),
    "device and /24": (_device, _prefix),
    "bio, a word edited": (_bio,),
    "bio and /24": (_bio, _prefix),
    "bio, /24 and device": (_bio, _prefix, _device),
    "same picture": (_picture,),
    "same e-mail": (_email,),
    "whole handle and /24": (_handle, _prefix),
    "five digits behind the handle": (_five_digits,),
}


class Stage:
    """Bans, enrolled once; accounts are then looked up among them, each at its own moment."""

    def __init__(self) -> None:
        self._run = Offline(now=NOW, first_day=True)
        self._enrolled = 0
        self._looked_up = 0

    async def enrol(self, bans: Iterable[Banned]) -> None:
        """Adds bans."""
        lines = []
        for banned in bans:
            self._enrolled += 1
            record = AccountBanned(
                event_id=f"ban-{self._enrolled}",
                version=1,
                occurred_at=from_seconds(banned.at),
                banned_at=from_seconds(banned.at),
                platform=_PLATFORM,
                account=replace(banned.account, account_id=f"b{self._enrolled}"),
            )
            lines.append(Line(f"ban {self._enrolled}", record))
        await self._run.enrol(lines)

    async def bands(self, accounts: Iterable[tuple[float, Account]]) -> list[str]:
        """The band of each account's best alert, ``none`` without any."""
        lines = []
        for at, account in accounts:
            self._looked_up += 1
            name = f"a{self._looked_up}"
            record = AccountCreated(
                event_id=name,
                version=1,
                occurred_at=from_seconds(at),
                platform=_PLATFORM,
                account=replace(account, account_id=name),
            )
            lines.append(Line(name, record))
        before = len(self._run.scored.alerts)
        await self._run.screen(lines)
        best: dict[str, str] = {}
        for alert in self._run.scored.alerts[before:]:
            if _RANK[alert.band] > _RANK[best.get(alert.account_id, "none")]:
                best[alert.account_id] = alert.band
        return [best.get(line.address, "none") for line in lines]


def pairs_of(renames: Sequence[tuple[str, str]], seed: int) -> list[Banned]:
    """At most :data:`PAIRS` pairs, each with a person behind it, in a spread of moments."""
    count = min(PAIRS, len(renames))
    rng, population = seeded(seed, "real scenes"), Population(seed, 2 * count)
    chosen = [renames[place] for place in rng.sample(range(len(renames)), count)]
    return [
        Banned(
            replace(_only(profile(person), _FACTS), handle=old),
            _moment(place, count),
            person,
            new,
        )
        for place, (old, new) in enumerate(chosen)
        for person in (_whole(population, rng),)
    ]


def crowd_of(seed: int, count: int) -> list[Banned]:
    """So many banned people with all that they show."""
    rng, population = seeded(seed, "banned crowd"), Population(seed, 2 * count)
    people = (population.person(rng, platform=_PLATFORM) for _ in range(count))
    return [Banned(profile(person), _moment(place, count), person) for place, person in enumerate(people)]


def _moment(place: int, count: int) -> float:
    return _LAST_BAN - SPREAD_SECONDS * (place + 0.5) / count


def _whole(population: Population, rng: Random) -> Person:
    """Somebody who shows every fact, with words of their own and an IPv4 address."""
    while True:
        person = population.equipped(rng, population.person(rng, platform=_PLATFORM), frozenset(TRAITS))
        if "." in str(person.ip) and len(str(person.bio)) >= _OWN_WORDS_MIN:
            return person


def _only(account: Account, names: Iterable[str]) -> Account:
    return Account(account_id=account.account_id, **{name: getattr(account, name) for name in names})


async def mirrors(stage: Stage, pairs: Sequence[Banned], seed: int) -> dict[str, Any]:
    """By scene, delay and what else is shown: the shares alarmed, and of those `likely`."""
    told: dict[str, Any] = {}
    strangers = Population(seed + 1, 4 * len(pairs))
    rng = seeded(seed, "strangers of real scenes")
    others = [profile(_whole(strangers, rng)) for _ in pairs]
    for name, changes in SCENES.items():
        for delay, seconds in DELAYS.items():
            for rest in ("absent", "different"):
                rng = seeded(seed, "what a mirror keeps")
                accounts = []
                for banned, other in zip(pairs, others, strict=True):
                    shown = _only(other, _FACTS if rest == "different" else ())
                    fields: dict[str, Any] = {"handle": banned.new_handle}
                    for change in changes:
                        fields |= change(rng, banned)
                    accounts.append((banned.at + seconds, replace(shown, **fields)))
                told.setdefault(name, {})[f"{delay}, rest {rest}"] = _shares(await stage.bands(accounts))
    return told


Innocent = Callable[[Random, Population, Banned], tuple[float, Account]]


def _sibling(rng: Random, population: Population, banned: Banned) -> tuple[float, Account]:
    """Of the same family name, on the family's tablet and line."""
    person = relative(population, banned.person, rng, device_share=1.0)
    while person.given == banned.person.given:
        person = relative(population, banned.person, rng, device_share=1.0)
    return banned.at + 60 * DAY, replace(profile(person), device_id=banned.account.device_id)


def _half_sibling(rng: Random, population: Population, banned: Banned) -> tuple[float, Account]:
    """The same with another family name."""
    other = population.stranger(rng, banned.person, banned.person.language, _PLATFORM)
    while other.given == banned.person.given or other.family == banned.person.family:
        other = population.stranger(rng, banned.person, banned.person.language, _PLATFORM)
    shared = {name: getattr(banned.account, name) for name in ("device_id", "ip", "user_agent")}
    return banned.at + 60 * DAY, replace(profile(other), **shared)


def _cafe(rng: Random, population: Population, banned: Banned) -> tuple[float, Account]:
    """At the very address, within ten minutes of the ban."""
    other = population.stranger(rng, banned.person, platform=_PLATFORM)
    return banned.at + 10 * MINUTE * rng.random(), replace(profile(other), ip=banned.account.ip)


def _cliche(rng: Random, population: Population, banned: Banned) -> tuple[float, Account]:
    """The same phrase that everybody knows, and the same address."""
    other = population.stranger(rng, banned.person, banned.person.language, _PLATFORM)
    shared = {"ip": banned.account.ip, "bio": banned.account.bio}
    return banned.at + DAY * 60 * rng.random(), replace(profile(other), **shared)


def _second_hand(rng: Random, population: Population, banned: Banned) -> tuple[float, Account]:
    """On the phone that the banned account's owner sold."""
    other = population.stranger(rng, banned.person, platform=_PLATFORM)
    return banned.at + 365 * DAY, replace(profile(other), device_id=banned.account.device_id)


INNOCENTS: Final[Mapping[str, Innocent]] = {
    "sibling, same family name, tablet and line, 60 days after": _sibling,
    "sibling, other family name, tablet and line, 60 days after": _half_sibling,
    "a café's address within ten minutes": _cafe,
    "a cliché and an address": _cliche,
    "a second-hand phone a year after": _second_hand,
}


def banned_households(seed: int, count: int = PAIRS, *, cliches: bool = False) -> list[Banned]:
    """Banned people who show everything; with ``cliches`` their words are phrases that everybody knows."""
    rng, population = seeded(seed, "banned households"), Population(seed, 2 * count)
    people = [_whole(population, rng) for _ in range(count)]
    if cliches:
        people = [replace(person, bio=cliche(rng, tongue(person.language))) for person in people]
    return [Banned(profile(person), _moment(place, count), person) for place, person in enumerate(people)]


async def innocents(seed: int, count: int = INNOCENT, background: Sequence[Banned] = ()) -> dict[str, Any]:
    """By kind: the shares of the innocent alarmed, and of those `likely`."""
    told = {}
    for name, kind in INNOCENTS.items():
        stage, bans = Stage(), banned_households(seed, cliches=kind is _cliche)
        await stage.enrol([*background, *bans])
        rng, population = seeded(seed, f"innocent {name}"), Population(seed + 2, 2 * count)
        accounts = [kind(rng, population, bans[number % len(bans)]) for number in range(count)]
        told[name] = _shares(await stage.bands(accounts))
    return told


def _shares(bands: Sequence[str]) -> dict[str, dict[str, object]]:
    return {
        "alarmed": Share(sum(band != "none" for band in bands), len(bands)).told(),
        "likely": Share(sum(band == "likely" for band in bands), len(bands)).told(),
    }


async def _told(
    renames: Sequence[tuple[str, str]], seed: int, background: int, innocent: int
) -> dict[str, Any]:
    crowd = crowd_of(seed, background)
    stage, pairs = Stage(), pairs_of(renames, seed)
    await stage.enrol([*crowd, *pairs])
    return {
        "bans": background + len(pairs),
        "mirrors": await mirrors(stage, pairs, seed),
        "innocents": await innocents(seed, innocent, crowd),
    }


def scenes(
    renames: Sequence[tuple[str, str]], *, seed: int = 1, background: int = 0, innocent: int = INNOCENT
) -> dict[str, Any]:
    """All scenes, among so many background bans, with so many innocent accounts a kind."""
    return asyncio.run(_told(renames, seed, background, innocent))
