"""Other people's words on our screens: visible, harmless and of bounded length.

Names come from people who want to deceive. What a terminal would obey (escape sequences), what reorders a
line (bidirectional controls) and what nobody sees (zero-width characters) is written out as its code point.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from samehand.elapsed import distance

# The two joiners are ordinary spelling in Persian, Urdu and Hindi and glue emoji together.
JOINERS: Final = frozenset("\u200c\u200d")
_WRITTEN_OUT: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# A quoted word between its marks, as :func:`visible` writes those out.
_ISOLATED: Final = re.compile("(?<=“)<U\\+2068>([^“”<]*)<U\\+2069>(?=”)")

# One combining mark on another is a letter of some alphabet; towers of them overflow the lines around.
_MARKS_MAX: Final = 3

WIDTH_MAX: Final = 60
"""Characters of a value beside a sentence; the alert itself holds all of it."""


def visible(text: str, width_max: int = WIDTH_MAX) -> str:
    """``text`` with unseen characters written out (``<U+202E>``), cut to ``width_max`` characters and `…`."""
    if len(text) <= width_max and text.isascii() and text.isprintable():
        return text  # at once: a page has hundreds of such names
    whole = "".join(
        f"<U+{ord(character):04X}>" if is_unseen(character) else character
        for character in seen_marks(text[: 2 * width_max])
    )
    cut = len(whole) > width_max or len(text) > 2 * width_max
    return whole[: width_max - 1] + "…" if cut else whole


def visible_sentence(text: str, width_max: int) -> str:
    """A sentence of ours, of which only the pairs of marks stay that isolate a word it quotes."""
    shown = visible(text, width_max)
    return _ISOLATED.sub("\u2068\\1\u2069", shown)


def seen_marks(text: str) -> Iterator[str]:
    """The characters of a text without what towers above its letters: no more than a few marks on each."""
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MARKS_MAX:
            yield character


def is_unseen(character: str) -> bool:
    """Returns whether nobody sees a character, or it reorders what stands around it."""
    return character not in JOINERS and unicodedata.category(character) in _WRITTEN_OUT


def _seen(character: str) -> str:
    if is_unseen(character):
        return f"<U+{ord(character):04X}>"
    return character


def since_ban(seconds: float) -> str:
    """When an account was made, by the rule of the alert's own sentence: ``50 minutes after the ban``."""
    count, unit = distance(seconds)
    if not count:
        return "less than a day from the ban"
    return f"{plural(count, unit)} {'after' if seconds >= 0 else 'before'} the ban"


def percent(probability: float) -> str:
    """A probability in words: never `100 %` or `0 %`, since no resemblance is certain."""
    if probability > 0.995:
        return "> 99 %"
    return "< 1 %" if probability < 0.005 else f"{probability:.0%}".replace("%", " %")


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
