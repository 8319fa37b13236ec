"""Names looked up among banned names, as ``samehand score --candidates`` does it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cli.inputs.input_files import InputLine
from cli.offline.offline_scoring import Offline
from schemas.accounts import Account, AccountBanned, AccountCreated
from schemas.dates import from_seconds

CANDIDATES = 10
"""How many below the bands are asked for, so that a rank can be told."""

_PLATFORM = "x"


Field = Literal["handle", "display_name"]


@dataclass(frozen=True, slots=True)
class Named:
    """One account of which only a name is known, in one field.

    ``at`` (Unix seconds) is when it was banned or made; without it nothing says when.
    """

    text: str
    field: Field
    at: float | None = None


@dataclass(frozen=True, slots=True)
class ScoredCandidate:
    """One banned account that a lookup brought: the place of it in the list of bans, and how alike."""

    ban: int
    log_odds: float
    band: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What a run brought: for each account its candidates, best first. ``bad``: how many were no records."""

    found: tuple[tuple[ScoredCandidate, ...], ...]
    bad: int
    seconds: float

    @property
    def alarmed(self) -> list[int]:
        return [
            place for place, several in enumerate(self.found) if any(one.band != "none" for one in several)
        ]


def looked_up(
    bans: Sequence[Named],
    accounts: Sequence[Named],
    *,
    candidates: int = CANDIDATES,
    first_day: bool = False,
) -> Looked:
    """Enrols the bans, then looks every account up among them."""
    started = time.monotonic()
    run = Offline(now=time.time(), candidates=candidates, first_day=first_day)
    asyncio.run(_run(run, bans, accounts))
    found: list[list[ScoredCandidate]] = [[] for _ in accounts]
    for alert in run.scored.alerts:
        found[_place(alert.account_id)].append(
            ScoredCandidate(_place(alert.matched.account_id), alert.log_odds, alert.band)
        )
    ranked = tuple(tuple(sorted(several, key=lambda one: (-one.log_odds, one.ban))) for several in found)
    return Looked(ranked, len(run.scored.faults), time.monotonic() - started)


async def _run(run: Offline, bans: Sequence[Named], accounts: Sequence[Named]) -> None:
    now = time.time()
    banned = [_ban(place, one, now) for place, one in enumerate(bans)]
    created = [_account(place, one, now) for place, one in enumerate(accounts)]
    await run.enrol(banned)
    await run.screen(created)


def _ban(place: int, named: Named, now: float) -> InputLine[AccountBanned]:
    record = AccountBanned(
        event_id=f"b{place}",
        version=1,
        occurred_at=from_seconds(now if named.at is None else named.at),
        banned_at=None if named.at is None else from_seconds(named.at),
        platform=_PLATFORM,
        account=_profile("b", place, named),
    )
    return InputLine(f"ban {place}", record, dated=named.at is not None)


def _account(place: int, named: Named, now: float) -> InputLine[AccountCreated]:
    record = AccountCreated(
        event_id=f"a{place}",
        version=1,
        occurred_at=from_seconds(now if named.at is None else named.at),
        platform=_PLATFORM,
        account=_profile("a", place, named),
    )
    return InputLine(f"account {place}", record, dated=named.at is not None)


def _profile(side: str, place: int, named: Named) -> Account:
    handle, name = (named.text, None) if named.field == "handle" else (None, named.text)
    return Account(account_id=f"{side}{place}", handle=handle, display_name=name)


def _place(account_id: str) -> int:
    return int(account_id[1:])
