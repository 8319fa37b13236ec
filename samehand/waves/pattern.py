"""What the members of a wave have in common, in words for the people who decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

SHARE_MIN: Final = 0.5
"""What fewer of the members show is no part of the pattern."""
_LETTERS_MIN: Final = 3
_READ_MAX: Final = 64  # characters of a handle; the longest of large platforms have 63


class PatternLine(NamedTuple):
    """A signal that agrees, at its closest common level, and how many members show it."""

    signal: str
    level: str
    members: int


def pattern_of(members: Sequence[Sequence[str]]) -> list[PatternLine]:
    """Returns what at least half of the members share, the commonest first.

    Takes for each member the signals (`signal.level`) by which it resembles others of the wave.
    """
    shown = [dict(line.partition(".")[::2] for line in reversed(lines)) for lines in members]
    levels = Counter(line for signals in shown for line in signals.items())
    counts = Counter(signal for signals in shown for signal in signals)
    pattern = [
        PatternLine(
            signal,
            max((many, level) for (line_signal, level), many in levels.items() if line_signal == signal)[1],
            count,
        )
        for signal, count in counts.items()
        if count >= SHARE_MIN * len(members)
    ]
    return sorted(pattern, key=lambda line: (-line.members, line.signal))


def handle_pattern(handles: Sequence[str]) -> str | None:
    """Returns how handles are made, with ``*`` for what differs, as in ``nicole_*``.

    All of them begin and end alike, with at least three letters in all; else ``None``.
    """
    if len(handles) < 2 or not all(handles):
        return None
    start = _trimmed(_common_start([handle[:_READ_MAX] for handle in handles]))
    ends = [handle[len(start) :][-_READ_MAX:][::-1] for handle in handles]
    end = _trimmed(_common_start(ends))[::-1]
    if sum(letter.isalpha() for letter in start + end) < _LETTERS_MIN:
        return None
    return f"{start}*{end}"


def _common_start(texts: Sequence[str]) -> str:
    first, last = min(texts), max(texts)  # what these two begin with, all that lie between them do
    for place, letter in enumerate(first):
        if last[place : place + 1] != letter:
            return first[:place]
    return first


def _trimmed(text: str) -> str:
    """Without digits at the inner end: numbers that happen to begin alike are no pattern."""
    return text.rstrip("0123456789")
