"""Real changes of name with facts beside them: who comes back after a ban, and who only looks like it.

Each banned old handle of a real pair comes back under its new one, some time after its own ban, with some
facts kept; all else is absent, or present and different. Then the innocent: who shares something with a
banned account for a reason that is nobody's fault. Names of pairs are real; all else is drawn. All of it
happens twice, alone and among background bans of all ages; a mirror is found where its own ban is alerted on.

The innocent are looked up twice more: in a store that has counted nothing, as on a platform's first day, and
in one that has seen its crowd (:func:`crowd_before`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from cli.inputs.input_files import InputLine
from cli.offline.offline_scoring import Offline
from report.share import Share
from schemas.accounts import Account, AccountBanned, AccountCreated
from schemas.decoding.dates import from_seconds
from simulate.evasion.lookalikes import relative
from simulate.population.bios import cliche
from simulate.population.languages import tongue
from simulate.population.people import TRAITS, Person, Population
from simulate.sampling import below, digits, one_of, seeded
from simulate.timeline.records import profile

PAIRS: Final = 300
INNOCENT: Final = 5_000
BACKGROUND: Final = 100_000
CROWD: Final = 20_000
"""Sign-ups of strangers that a platform which has seen its crowd has counted."""
VISITORS: Final = 30
"""Accounts that a café's address had shown before."""
SIGN_UPS_A_DAY: Final = 100_000
"""Of the platform: what is looked up here is a few of them."""
PROCESSES: Final = 2
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


RANK: Final = {"none": 0, "possible": 1, "likely": 2}

Arrived = tuple[float, Account, str | None]
"""When an account signed up (Unix seconds), the account, and the id of the ban that it comes back from."""

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

    def __init__(self, *, counting: bool = False) -> None:
        """``counting``: what accounts show is counted as they come, as a worker counts it."""
        self._run = Offline(now=NOW, first_day=not counting, sign_ups_a_day=SIGN_UPS_A_DAY)
        self._enrolled = 0
        self._looked_up = 0

    async def enrol(self, bans: Sequence[Banned]) -> list[str]:
        """Adds bans; their ids, by which they are alerted on."""
        ids, lines = [], []
        for banned in bans:
            self._enrolled += 1
            ids.append(f"b{self._enrolled}")
            record = AccountBanned(
                event_id=f"ban-{self._enrolled}",
                version=1,
                occurred_at=from_seconds(banned.at),
                banned_at=from_seconds(banned.at),
                platform=_PLATFORM,
                account=replace(banned.account, account_id=ids[-1]),
            )
            lines.append(InputLine(f"ban {self._enrolled}", record))
        await self._run.enrol(lines)
        return ids

    async def bands(self, accounts: Iterable[Arrived]) -> list[str]:
        """The band of each account's best alert, ``none`` without any; on the ban alone that is named.

        To be called once where what accounts show is counted.
        """
        lines, own = [], {}
        for at, account, ban in accounts:
            self._looked_up += 1
            name = f"a{self._looked_up}"
            record = AccountCreated(
                event_id=name,
                version=1,
                occurred_at=from_seconds(at),
                platform=_PLATFORM,
                account=replace(account, account_id=name),
            )
            lines.append(InputLine(name, record))
            own[name] = ban
        before = len(self._run.scored.alerts)
        await self._run.screen(lines)
        best: dict[str, str] = {}
        for alert in self._run.scored.alerts[before:]:
            wanted = own[alert.account_id]
            if wanted is not None and alert.matched.account_id != wanted:
                continue
            if RANK[alert.band] > RANK[best.get(alert.account_id, "none")]:
                best[alert.account_id] = alert.band
        return [best.get(line.address, "none") for line in lines]


def pairs_of(renames: Sequence[tuple[str, str]], seed: int) -> list[Banned]:
    """At most :data:`PAIRS` pairs, each with a person behind it, in a spread of moments."""
    count = min(PAIRS, len(renames))
    rng, population = seeded(seed, "real scenes"), Population(seed, 2 * count)
    chosen = [renames[place] for place in rng.sample(range(len(renames)), count)]
    return [
        Banned(replace(_only(profile(person), _FACTS), handle=old), _moment(place, count), person, new)
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


RESTS: Final = ("absent", "different")

Ranks = Mapping[tuple[str, str, str], Sequence[int]]
"""By scene, delay and what else is shown: the rank of each pair's band."""


async def mirrors(stage: Stage, pairs: Sequence[Banned], ids: Sequence[str], seed: int) -> dict[str, Any]:
    """By scene, delay and what else is shown: the shares alarmed, and of those `likely`.

    ``worse``: pairs for which one more agreeing fact, or one less that differs, makes less of it; there
    should be none. Moments are not compared: other bans stand around each.
    """
    told: dict[str, Any] = {}
    strangers = Population(seed + 1, 4 * len(pairs))
    rng = seeded(seed, "strangers of real scenes")
    others = [profile(_whole(strangers, rng)) for _ in pairs]
    ranks: dict[tuple[str, str, str], list[int]] = {}
    for name, changes in SCENES.items():
        for delay, seconds in DELAYS.items():
            for rest in RESTS:
                accounts: list[Arrived] = []
                for place, (banned, other, ban) in enumerate(zip(pairs, others, ids, strict=True)):
                    fields: dict[str, Any] = {"handle": banned.new_handle}
                    for change in changes:
                        # The same in every scene, or two of them could not be compared.
                        fields |= change(seeded(seed, f"{change.__name__} {place}"), banned)
                    shown = _only(other, _FACTS if rest == "different" else ())
                    accounts.append((banned.at + seconds, replace(shown, **fields), ban))
                bands = await stage.bands(accounts)
                ranks[name, delay, rest] = [RANK[band] for band in bands]
                told.setdefault(name, {})[f"{delay}, rest {rest}"] = _shares(bands)
    return {"scenes": told, "worse": worse(ranks)}


def worse(ranks: Ranks) -> list[str]:
    """What should never be, a line each, with how many pairs it befell."""
    found = []
    for (name, delay, rest), own in ranks.items():
        for other, changes in SCENES.items():
            # Five digits behind the old handle are another name, not a fact beside the new one.
            if set(SCENES[name]) < set(changes) and _five_digits not in changes:
                more = ranks[other, delay, rest]
                found.append((f"{name} → {other}, {delay}, rest {rest}", own, more))
        if rest == "different":
            found.append((f"{name}, {delay}: different → absent", own, ranks[name, delay, "absent"]))
    counts = [(what, sum(a > b for a, b in zip(own, more, strict=True))) for what, own, more in found]
    return [f"{what}: {count} pairs" for what, count in counts if count]


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


def households_of(kind: str, seed: int, count: int = PAIRS) -> list[Banned]:
    """The banned whom one kind of innocents resemble: others for each kind, so that none counts for two."""
    cliches = INNOCENTS[kind] is _cliche
    return banned_households(seed + 10 * list(INNOCENTS).index(kind), count, cliches=cliches)


def crowd_before(kind: str, bans: Sequence[Banned], seed: int) -> list[Arrived]:
    """Who showed what these innocents show before their bans, within sixty days.

    Each banned account had signed up itself. Thirty others had come through the café's address. On the line
    of each household three relatives had signed up, one of them on the tablet. A phone that was sold had been
    its first owner's alone; what many write is as common as in the crowd of strangers.
    """
    rng, population = seeded(seed, f"before {kind}"), Population(seed + 3, VISITORS * len(bans))
    found: list[Arrived] = []

    def came(account: Account, banned: Banned) -> None:
        found.append((banned.at - 60 * DAY * rng.random(), account, None))

    for banned in bans:
        came(banned.account, banned)
        if INNOCENTS[kind] is _cafe:
            for _ in range(VISITORS):
                other = population.stranger(rng, banned.person, platform=_PLATFORM)
                came(replace(profile(other), ip=banned.account.ip), banned)
        elif INNOCENTS[kind] is not _second_hand:
            family = [relative(population, banned.person, rng, device_share=0.0) for _ in range(3)]
            came(replace(profile(family[0]), device_id=banned.account.device_id), banned)
            for one in family[1:]:
                came(profile(one), banned)
    return found


def strangers_before(seed: int, count: int = CROWD) -> list[Arrived]:
    """Sign-ups of people who have to do with nobody, evenly over all that time."""
    rng, population = seeded(seed, "crowd before"), Population(seed + 4, 2 * count)
    first = _LAST_BAN - SPREAD_SECONDS - 60 * DAY
    return [
        (first + (NOW - DAY - first) * (place + 0.5) / count, profile(person), None)
        for place, person in enumerate(population.person(rng, platform=_PLATFORM) for _ in range(count))
    ]


async def innocents(
    stage: Stage, bans: Mapping[str, Sequence[Banned]], seed: int, count: int, before: Sequence[Arrived] = ()
) -> dict[str, Any]:
    """By kind: the shares of the innocent alarmed, and of those `likely`.

    ``before``: who else signs up; all of them come in the order of their moments, and are counted in it.
    """
    accounts: list[Arrived] = []
    for name, kind in INNOCENTS.items():
        rng, population = seeded(seed, f"innocent {name}"), Population(seed + 2, 2 * count)
        for number in range(count):
            at, account = kind(rng, population, bans[name][number % len(bans[name])])
            accounts.append((at, account, None))
    bands = await stage.bands([*accounts, *before])
    return {name: _shares(bands[place * count :][:count]) for place, name in enumerate(INNOCENTS)}


def _shares(bands: Sequence[str]) -> dict[str, dict[str, object]]:
    return {
        "alarmed": Share(sum(band != "none" for band in bands), len(bands)).as_json(),
        "likely": Share(sum(band == "likely" for band in bands), len(bands)).as_json(),
    }


@dataclass(frozen=True, slots=True)
class _SceneOptions:
    what: str
    background: int
    renames: Sequence[tuple[str, str]]
    seed: int
    innocent: int
    households: int
    crowd: int


def _run(asked: _SceneOptions) -> dict[str, Any]:
    return asyncio.run(_told(asked))


async def _told(asked: _SceneOptions) -> dict[str, Any]:
    seed, counting = asked.seed, asked.what == "counted"
    stage = Stage(counting=counting)
    await stage.enrol(crowd_of(seed, asked.background))
    if asked.what == "mirrors":
        pairs = pairs_of(asked.renames, seed)
        return await mirrors(stage, pairs, await stage.enrol(pairs), seed)
    bans = {kind: households_of(kind, seed, asked.households) for kind in INNOCENTS}
    for several in bans.values():
        await stage.enrol(several)
    before: list[Arrived] = []
    if counting:
        before = strangers_before(seed, asked.crowd)
        for kind, several in bans.items():
            before += crowd_before(kind, several, seed)
    return await innocents(stage, bans, seed, asked.innocent, before)


def scenes(
    renames: Sequence[tuple[str, str]],
    *,
    seed: int = 1,
    background: int = BACKGROUND,
    innocent: int = INNOCENT,
    households: int = PAIRS,
    crowd: int = CROWD,
    heard: Callable[[int], None] = lambda ready: None,
) -> dict[str, Any]:
    """All scenes, alone and among so many background bans, with so many innocent accounts a kind.

    The innocent resemble so many banned ``households`` of their kind, and ``crowd`` strangers are counted.
    ``heard`` is called with how many of six parts are ready.
    """
    places = {"alone": 0, "among": background}
    told: dict[str, Any] = {"pairs": min(PAIRS, len(renames)), "background": background}
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        running = {
            pool.submit(_run, _SceneOptions(what, bans, renames, seed, innocent, households, crowd)): (
                place,
                what,
            )
            for place, bans in reversed(places.items())  # the longest first
            for what in ("counted", "mirrors", "innocents")
        }
        for ready, one in enumerate(as_completed(running), 1):
            place, what = running[one]
            told.setdefault(place, {})[what] = one.result()
            heard(ready)
    told["worse"] = [f"{place}: {line}" for place in places for line in told[place]["mirrors"].pop("worse")]
    for place in places:
        told[place]["mirrors"] = told[place]["mirrors"]["scenes"]
    return told
