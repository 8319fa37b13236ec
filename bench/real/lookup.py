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
from schemas.decoding.dates import from_seconds

CANDIDATES = 10
"""How many below the bands are asked for, so that a rank can be told."""

Field = Literal["handle", "display_name"]


@dataclass(frozen=True, slots=True)
class Named:
    """One account of which only a name is known, in one field.

    ``at`` (Unix seconds) is when it was banned or made; without it nothing says when.
    """

    text: str
    field: Field
    at: float | None = None

    def profile(self, account_id: str) -> Account:
        handle, name = (self.text, None) if self.field == "handle" else (None, self.text)
        return Account(account_id=account_id, handle=handle, display_name=name)


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

    @property
    def alarmed(self) -> list[int]:
        return [
            place for place, several in enumerate(self.found) if any(one.band != "none" for one in several)
        ]


def looked_up(bans: Sequence[Named], accounts: Sequence[Named]) -> Looked:
    """Enrols the bans, then looks every account up among them."""
    run = Offline(now=time.time(), candidates=CANDIDATES)
    asyncio.run(_run(run, bans, accounts))
    found: list[list[ScoredCandidate]] = [[] for _ in accounts]
    for alert in run.scored.alerts:
        found[_place(alert.account_id)].append(
            ScoredCandidate(_place(alert.matched.account_id), alert.log_odds, alert.band)
        )
    ranked = tuple(tuple(sorted(several, key=lambda one: (-one.log_odds, one.ban))) for several in found)
    return Looked(ranked, len(run.scored.faults))


async def _run(run: Offline, bans: Sequence[Named], accounts: Sequence[Named]) -> None:
    now = time.time()
    await run.enrol(
        [
            InputLine(
                f"ban {place}",
                AccountBanned(
                    event_id=f"b{place}",
                    version=1,
                    occurred_at=from_seconds(now if banned.at is None else banned.at),
                    banned_at=None if banned.at is None else from_seconds(banned.at),
                    platform="x",
                    account=banned.profile(f"b{place}"),
                ),
                dated=banned.at is not None,
            )
            for place, banned in enumerate(bans)
        ]
    )
    await run.screen(
        [
            InputLine(
                f"account {place}",
                AccountCreated(
                    event_id=f"a{place}",
                    version=1,
                    occurred_at=from_seconds(now if account.at is None else account.at),
                    platform="x",
                    account=account.profile(f"a{place}"),
                ),
                dated=account.at is not None,
            )
            for place, account in enumerate(accounts)
        ]
    )


def _place(account_id: str) -> int:
    return int(account_id[1:])
