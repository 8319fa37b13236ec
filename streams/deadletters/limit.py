"""Limits the share of dead letters: a bad deploy upstream must not turn a whole topic into dead letters.

The share is taken over the last records, not over all of them, so that a long clean past does not hide a
wave, and an old wave is forgotten. A minimum keeps three bad records out of ten from stopping a quiet topic.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from streams.settings import LETTERS_AT_LEAST, SHARE_MAX, WINDOW_RECORDS, Settings


class DeadLetterBound:
    """Stops a topic before dead letters exceed both `at_least` and the share `share_max` of its last records.

    The last records are the last `window_records`. With `share_max` of 1.0 it never stops anything.
    """

    def __init__(
        self,
        share_max: float = SHARE_MAX,
        window_records: int = WINDOW_RECORDS,
        at_least: int = LETTERS_AT_LEAST,
    ) -> None:
        self.terms = f"{share_max:g} of {window_records}, at least {at_least}"
        """The bound in words: the same words mean the same bound."""
        self._share_max = share_max
        self._at_least = at_least
        self._recent: deque[bool] = deque(maxlen=window_records)
        self._dead = 0

    @property
    def dead(self) -> int:
        """Dead letters among the recent records."""
        return self._dead

    @property
    def seen(self) -> int:
        """How many recent records are remembered, at most the window."""
        return len(self._recent)

    def admit(self, are_dead: Iterable[bool]) -> int:
        """How many of these records, in order, may have their outcome published before the topic has to stop.

        All of them, unless the bound is passed on the way. The record that passes it is not admitted, nor
        counted.
        """
        admitted = 0
        for is_dead in are_dead:
            leaving = len(self._recent) == self._recent.maxlen and self._recent[0]  # a dead letter leaves
            dead = self._dead + is_dead - leaving
            seen = min(len(self._recent) + 1, self._recent.maxlen or 0)
            if is_dead and dead > self._at_least and dead > self._share_max * seen:
                break
            self._dead = dead
            self._recent.append(is_dead)
            admitted += 1
        return admitted

    def forget(self) -> None:
        """Start afresh, as an operator asked."""
        self._recent.clear()
        self._dead = 0


def bound_of(settings: Settings) -> DeadLetterBound:
    return DeadLetterBound(settings.letters_share, settings.letters_window, settings.letters_at_least)
