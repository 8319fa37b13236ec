"""Channels and groups that come back after a ban, and those that only look like it.

Titles are made of words, cities and what media call themselves in ten languages, or are real aliases of
listed groups; all else is drawn. A mirror is found where its own ban is alerted on; each is looked up at
every age of the ban, among few and among many other bans.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from bench.real.scenes import DAY, MINUTE, NOW, RANK, SIGN_UPS_A_DAY, _moment, crowd_of
from cli.inputs.input_files import InputLine
from cli.offline.offline_scoring import Offline
from schemas.accounts import Account, AccountBanned, AccountCreated, Admin
from schemas.decoding.dates import from_seconds
from simulate.evasion.channels import FRAMED, INNOCENTS, MIRRORS, PLATFORM, Drawn, Made, channel, having
from simulate.population.languages import LANGUAGES
from simulate.population.people import Population
from simulate.sampling import one_of, seeded

AGES: Final = {"8 minutes": 8 * MINUTE, "20 days": 20 * DAY, "200 days": 200 * DAY}
STORES: Final = (30, 20_000)
CASES: Final = 100
MANAGED: Final = 500
"""Channels that a bot had before, which has no mark of a bot."""
_MANAGER: Final = (Admin(account_id="manager", acted=True),)
_OF_MANAGER: Final = having({"admins": _MANAGER, "created_by": "manager"})
SCENES: Final = (MIRRORS, {**INNOCENTS, "channels of one unmarked bot": _OF_MANAGER}, FRAMED)


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
                channel(rng, f"b{number}", language, population, title),
                channel(rng, f"a{number}", language, population),
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
        platform=PLATFORM,
        account=account,
    )


def _created(account: Account, at: float) -> AccountCreated:
    return AccountCreated(
        event_id=account.account_id,
        version=1,
        occurred_at=from_seconds(at),
        platform=PLATFORM,
        account=account,
    )


def table(aliases: Sequence[str], *, seed: int, count: int, stores: Sequence[int] = STORES) -> Iterator[str]:
    """Returns the rows of the note: the shares that each scene found, by age; equal stores share a row."""
    draws = _draws(seed, count, aliases)
    yield "| % `possible`/`likely` | bans | " + " | ".join(AGES) + " |"
    yield "| --- | --- | " + " | ".join("---" for _ in AGES) + " |"
    for scenes in SCENES:
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
