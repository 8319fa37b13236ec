"""Puts words of names as people wrote them into a sentence that quotes them folded.

Comparisons see folded words only. Whatever shows a sentence to a person has the names as they were given, and
restores each quoted word: “میڈیا” and not “mydya”. Each word is isolated, so that its direction of writing
does not reorder the text around it (Unicode Standard Annex 9: first strong isolate, pop directional isolate).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from samehand.normalize.limits import NAME_READ_CHARS
from samehand.normalize.text.fold import fold_name

FIRST_STRONG_ISOLATE: Final = "\u2068"
POP_ISOLATE: Final = "\u2069"

_QUOTED: Final = re.compile("“([^“”]*)”")
# What separates words of a name, as in the fold.
_WORD_BREAK: Final = re.compile(r"[\s_.\-+/:|~,]+")
# Controls that would end an isolate early, or reorder the text in it.
_CONTROLS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_WORDS_MAX: Final = 32  # words of one name that are restored; others are quoted as folded


def as_written(sentence: str, names: Iterable[str]) -> str:
    """The sentence with each quoted word isolated, and written as in the first of the names that has it."""
    if "“" not in sentence:
        return sentence
    written: dict[str, str] = {}
    for name in names:
        for word in _WORD_BREAK.split(name[:NAME_READ_CHARS])[:_WORDS_MAX]:
            folded = fold_name(word)
            for token in () if folded is None else (folded.base, *folded.tokens):
                written.setdefault(token, _CONTROLS.sub("", word))
    return _QUOTED.sub(
        lambda found: f"“{FIRST_STRONG_ISOLATE}{written.get(found[1], found[1])}{POP_ISOLATE}”", sentence
    )
