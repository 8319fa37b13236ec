"""What each key asked in a day, as one line of the log: it shows a collector of answers, who rings no alarm.

A person who was scored signs up, so that an event follows. The holder of a leaked key who asks about 5,000
people publishes nothing about them: no account is asked about twice and no ban is matched often, so that
:mod:`gate.variations` counts none. Of each key the gate keeps how many questions there were, how many
matched, and a sample of the accounts; after a day the store says of which of these an event was published.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from store.errors import StoreError
from streams.errors import Transient

DAY_SECONDS: Final = 86_400.0

SAMPLE_MAX: Final = 100
"""Accounts that are kept of a key, each question as likely as any other: a share to within ten in a hundred.
Ten megabytes where all of a thousand keys ask."""

FOLLOW_SECONDS: Final = 3_600.0
"""How long an event may take to follow: people confirm an address first. Younger questions are left out."""

READ_AT_ONCE: Final = 25
"""Of the store: between these, calls to score have their turn."""

ASK_SECONDS: Final = 5.0
"""How long the store is waited for, with what one key asked; after that none of the others asks it."""

Remembers = Callable[[Sequence[str]], Awaitable[list[bool]]]

log = structlog.get_logger("samehand.gate")


@dataclass(slots=True)
class _Day:
    scores: int = 0
    matches: int = 0
    sample: list[tuple[str, float]] = field(default_factory=list)


@dataclass(slots=True)
class Questions:
    """Counts by key since the last line. Keys are as many as the file of keys takes."""

    remembers: Remembers
    ticks: Callable[[], float]
    chance: random.Random = field(default_factory=random.SystemRandom)
    since: float = field(init=False)
    _days: dict[str, _Day] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.since = self.ticks()

    def note(self, key: str, account: str, *, matched: bool) -> None:
        """Counts a question that was answered."""
        day = self._days.setdefault(key, _Day())
        day.scores += 1
        day.matches += matched
        asked = (account, self.ticks())
        if len(day.sample) < SAMPLE_MAX:
            day.sample.append(asked)
        elif (place := self.chance.randrange(day.scores)) < SAMPLE_MAX:
            day.sample[place] = asked

    async def run(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Writes the lines of each day, until cancelled; those of a day that was broken off, too."""
        try:
            while True:
                await sleep(max(0.0, self.since + DAY_SECONDS - self.ticks()))
                await self.tell()
        finally:
            await self.tell()

    async def tell(self) -> None:
        """Writes a line a key, and begins the next day."""
        days, began, now = self._days, self.since, self.ticks()
        self._days, self.since = {}, now
        away = False
        for key, day in sorted(days.items()):
            asked = [account for account, at in day.sample if now - at >= FOLLOW_SECONDS]
            followed = None if away else await self._followed(asked)
            away = followed is None
            log.info(
                "scores of a key",
                key=key,
                hours=round((now - began) / 3_600.0, 1),
                scores=day.scores,
                match_share=round(day.matches / day.scores, 3),
                sampled=0 if followed is None else len(asked),
                never_followed_share=None if not followed else round(1.0 - sum(followed) / len(followed), 3),
            )

    async def _followed(self, accounts: list[str]) -> list[bool] | None:
        """Of each account whether the store remembers it; None while the store is away."""
        followed: list[bool] = []
        try:
            async with asyncio.timeout(ASK_SECONDS):
                for place in range(0, len(accounts), READ_AT_ONCE):
                    followed += await self.remembers(accounts[place : place + READ_AT_ONCE])
        except (TimeoutError, Transient, StoreError):
            return None
        except Exception as fault:  # a figure is no reason to end a gate
            log.error("what followed scores could not be read", exc_info=fault)
            return None
        return followed
