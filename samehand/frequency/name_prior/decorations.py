"""Words that decorate a handle without naming anybody: `official`, `backup`, `tv`.

Comparisons need them to see that `umar_media_official2` extends `umar_media`. The words are those of
:mod:`samehand.normalize.text.everyday`, folded at import.
"""

from __future__ import annotations

from typing import Final

from samehand.normalize.text.everyday import decorating_words
from samehand.normalize.text.fold import fold_name

# As the fold reads them, and those in ASCII letters also as they are written.
DECORATIONS: frozenset[str] = frozenset(
    [word for word in decorating_words() if word.isascii() and word.isalpha()]
    + [fold.base for word in decorating_words() if (fold := fold_name(word)) is not None]
)

# A number this short is a counter or a year; longer ones identify (a phone, an id).
_COUNTER_DIGITS: Final = 4
_DIGITS: Final = "0123456789"


def decoration(token: str) -> bool:
    """Returns whether a folded token is only an affix: a listed word, a short number, or a word and then a
    number.
    """
    if token in DECORATIONS:
        return True
    if not token or token[-1] not in _DIGITS:
        return False
    word = token.rstrip(_DIGITS)
    if len(token) - len(word) > _COUNTER_DIGITS:
        return False
    return not word or word in DECORATIONS
