"""Words of names as people wrote them, put into a sentence that quotes them as they were folded.

Comparisons know folded words alone. Who shows a sentence to a person has the names as they were given, and
puts each quoted word back: “میڈیا” and not “mydya”. A word is isolated, so that its direction of writing
orders nothing around it (Unicode Standard Annex 9: first strong isolate, pop directional isolate).
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
# Between words of a name: what the fold divides words at.
_WORD_BREAK: Final = re.compile(r"[\s_.\-+/:|~,]+")
# What would end an isolate early, or reorder what is in it.
_CONTROLS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_WORDS_MAX: Final = 32  # of one name: those of a longer one are quoted as folded, as are words not found


def as_written(sentence: str, names: Iterable[str]) -> str:
    """The sentence with each word in quotation marks as the first of the names writes it, and isolated."""
    if "“" not in sentence:
        return sentence
    written: dict[str, str] = {}
    for name in names:
        for word in _WORD_BREAK.split(name[:NAME_READ_CHARS])[:_WORDS_MAX]:
            folded = fold_name(word)
            for token in () if folded is None else (folded.base, *folded.tokens):
                written.setdefault(token, _CONTROLS.sub("", word))
    return _QUOTED.sub(lambda found: f"“{_isolated(written.get(found[1], found[1]))}”", sentence)


def _isolated(word: str) -> str:
    return f"{FIRST_STRONG_ISOLATE}{word}{POP_ISOLATE}"
