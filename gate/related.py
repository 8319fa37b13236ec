"""Who is like an account: answered to leads, one reader sixty times an hour, and noted on Kafka first."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from agents.common.preview import Preview
from gate.intake import Intake
from schemas.malformed import Malformed
from schemas.related import RelatedAnswer, RelatedAsked, RelatedQuestion
from schemas.wire import decode_related
from store.errors import StoreError
from streams.errors import Transient

ASKED_MAX: Final = 60
"""Questions of a reader in an hour: a case takes a handful, and nobody copies the store by hand."""

READERS_MAX: Final = 1_000
"""Readers who ask within an hour: more than a team has. The key's holder cannot make up names for ever."""

AT_ONCE: Final = 4
"""Each takes a core for tens of milliseconds, of which scores at sign-up wait for 20 at a time."""

ANSWER_SECONDS: Final = 5.0
"""How long the store is waited for: a person looks on."""

_HOUR: Final = 3_600.0


@dataclass(slots=True)
class ReaderLimit:
    """Counts the questions of each reader in the last hour, in this process."""

    asked: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def wait_seconds(self, reader: str, now: float) -> int:
        """Returns 0 where the reader may ask, which is then counted; else whole seconds until they may."""
        while self.asked and (first := next(iter(self.asked.values())))[-1] <= now - _HOUR:
            self.asked.popitem(last=False)
        mine = self.asked.get(reader)
        if mine is None:
            if len(self.asked) >= READERS_MAX:
                return math.ceil(first[-1] + _HOUR - now)
            mine = self.asked[reader] = deque(maxlen=ASKED_MAX)
        elif len(mine) == ASKED_MAX and mine[0] > now - _HOUR:
            return math.ceil(mine[0] + _HOUR - now)
        mine.append(now)
        self.asked.move_to_end(reader)
        return 0


@dataclass(frozen=True, slots=True)
class Wait:
    """No answer now: why, in a word, and after how many seconds to ask again."""

    reason: str
    seconds: int = 5


@dataclass(slots=True)
class Related:
    """Answers questions. ``now`` is in Unix seconds, ``ticks`` in seconds of a clock that only goes on."""

    preview: Preview
    intake: Intake
    now: Callable[[], float]
    ticks: Callable[[], float]
    limit: ReaderLimit = field(default_factory=ReaderLimit)
    busy: int = 0

    async def __call__(self, raw: bytes, *, key: str) -> RelatedAnswer | Malformed | Wait:
        """The answer to a question that ``key`` asks, once Kafka has the record of it."""
        found = decode_related(raw, now=self.now())
        if isinstance(found, Malformed):
            return found
        question: RelatedQuestion = found.record
        if self.busy >= AT_ONCE:
            return Wait("overloaded")
        if seconds := self.limit.wait_seconds(question.reader, self.ticks()):
            return Wait("rate", seconds)
        asked = RelatedAsked(
            platform=question.platform,
            account_id=question.account_id,
            purpose=question.purpose,
            reader=question.reader,
            asked_at=datetime.fromtimestamp(self.now(), UTC),
            asked_by=key,
        )
        self.busy += 1
        try:
            if away := await self.intake.noted(asked):
                return Wait(away)
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self.preview.related(question.key)
        except (TimeoutError, Transient, StoreError):
            return Wait("store-away")
        finally:
            self.busy -= 1
