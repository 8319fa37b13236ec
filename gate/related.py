"""Who is like an account: answered to leads, one reader sixty times an hour, and noted on Kafka first."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from agents.common.queries.preview import Preview
from gate.intake import Intake
from schemas.internal.related import RelatedAnswer, RelatedAsked, RelatedQuestion
from schemas.malformed import Malformed
from schemas.wire import decode_related
from store.errors import StoreError
from streams.errors import Transient

ASKED_MAX: Final = 60
"""Questions of a reader in an hour: a case takes a handful, and nobody copies the store by hand."""

READERS_MAX: Final = 1_000
"""Readers that are counted of a key: more than a team has. Only its holder can make up names, and the key's
rate bounds what they ask."""

AT_ONCE: Final = 4
"""Each takes a core for tens of milliseconds, of which scores at sign-up wait for 20 at a time."""

ANSWER_SECONDS: Final = 5.0
"""How long the store is waited for: a person looks on."""

_HOUR: Final = 3_600.0


@dataclass(slots=True)
class ReaderLimit:
    """Counts the questions of each reader in the last hour, by key, in this process.

    Questions that are under way are not counted yet: a reader may exceed the limit by `AT_ONCE`.
    """

    asked: dict[str, OrderedDict[str, deque[float]]] = field(default_factory=dict)

    def wait_seconds(self, key: str, reader: str, now: float) -> int:
        """Returns 0 where the reader may ask, else whole seconds until they may."""
        mine = self.asked[key].get(reader) if key in self.asked else None
        if mine is None or len(mine) < ASKED_MAX or mine[0] <= now - _HOUR:
            return 0
        return math.ceil(mine[0] + _HOUR - now)

    def count(self, key: str, reader: str, now: float) -> None:
        """Counts a question. Beyond `READERS_MAX` the key's reader who asked least recently is forgotten."""
        readers = self.asked.setdefault(key, OrderedDict())
        readers.setdefault(reader, deque(maxlen=ASKED_MAX)).append(now)
        readers.move_to_end(reader)
        if len(readers) > READERS_MAX:
            readers.popitem(last=False)


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
        decoded = decode_related(raw, now=self.now())
        if isinstance(decoded, Malformed):
            return decoded
        question: RelatedQuestion = decoded.record
        if self.busy >= AT_ONCE:
            return Wait("overloaded")
        if seconds := self.limit.wait_seconds(key, question.reader, self.ticks()):
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
            self.limit.count(key, question.reader, self.ticks())
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self.preview.related(question.key)
        except (TimeoutError, Transient, StoreError):
            return Wait("store-away")
        finally:
            self.busy -= 1
