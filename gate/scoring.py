"""Scoring at sign-up: an answer within a deadline, whatever is away. No fault of ours fails a sign-up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from agents.common.queries.preview import Foreseen, Preview, hashes_a_picture
from gate.answers import Score, Undecided, scored
from gate.questions import Questions
from gate.together import Together
from gate.variations import Variations
from schemas.accounts import AccountCreated
from schemas.malformed import Malformed
from schemas.wire import Decoded
from store.errors import StoreError
from streams.errors import Transient

ANSWERED_AT_ONCE: Final = 64
"""A call takes a few milliseconds of one core: the last of so many waits as long as the usual deadline."""

DEADLINE_MS_MIN: Final = 1
DEADLINE_MS_MAX: Final = 10_000
"""Nobody who signs up waits longer."""

log = structlog.get_logger("samehand.gate")


@dataclass(slots=True)
class Scoring:
    """``store_fault`` says why the store is away, "" while it is not; ``ticks`` in seconds."""

    preview: Preview
    ticks: Callable[[], float]
    store_fault: Callable[[], str] = lambda: ""
    variations: Variations = field(default_factory=Variations)
    questions: Questions | None = None
    at_once: int = ANSWERED_AT_ONCE
    busy: int = 0
    _together: Together[Decoded[AccountCreated], Foreseen | Malformed] = field(init=False)

    def __post_init__(self) -> None:
        """Calls that wait are answered together."""
        self._together = Together(self.preview.foresee_each)

    async def __call__(
        self, raw: bytes, deadline_ms: float, *, sees_alerts: bool, began: float | None = None, key: str = ""
    ) -> Score | Malformed:
        """The answer on one event of `accounts.created`; a value that says what is wrong where it is none.

        ``began``: when the request came, in ``ticks``; the deadline runs from then on, by default from now.
        ``key``: the name of who asks.
        """
        began = self.ticks() if began is None else began
        decoded = self.preview.read(raw)
        if isinstance(decoded, Malformed):
            return decoded
        varied = self.variations.note(decoded.record, self.ticks())
        if self.busy >= self.at_once:
            return self._undecided("overloaded", began)
        if self.store_fault():
            return self._undecided("store-away", began)
        self.busy += 1
        try:
            async with asyncio.timeout(max(0.0, (deadline_ms - self._took_ms(began)) / 1000)):
                # Nobody waits for another's picture to be hashed.
                alone = hashes_a_picture(decoded)
                foreseen = await (self.preview.foresee(decoded) if alone else self._together(decoded))
        except TimeoutError:
            return self._undecided("deadline", began)
        except (Transient, StoreError):
            return self._undecided("store-away", began)
        except Exception as fault:
            log.error("a sign-up could not be scored", exc_info=fault)
            return self._undecided("unprocessable", began)
        finally:
            self.busy -= 1
        if isinstance(foreseen, Malformed):
            log.error("a sign-up could not be scored", fault=foreseen.detail)
            return self._undecided("unprocessable", began)
        if (took_ms := self._took_ms(began)) > deadline_ms:  # nothing waited, so that nothing timed out
            return self._undecided("deadline", began)
        if self.questions is not None:
            self.questions.note(key, decoded.record.key, matched=bool(foreseen.alerts))
        if foreseen.alerts and not varied:
            self.variations.note_match(foreseen.alerts[0].matched.key, decoded.record, self.ticks())
        return scored(foreseen, self.preview.weights_version, took_ms, sees_alerts=sees_alerts)

    def _undecided(self, reason: Undecided, began: float) -> Score:
        return Score(
            outcome="undecided",
            reason=reason,
            weights_version=self.preview.weights_version,
            took_ms=self._took_ms(began),
        )

    def _took_ms(self, began: float) -> float:
        return round((self.ticks() - began) * 1000, 3)
