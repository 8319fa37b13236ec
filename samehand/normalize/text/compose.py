"""Unicode normal forms in time that grows with the text."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

# The library sorts the marks behind a letter by exchanging neighbours: 10,000 of them took an eighth of a
# second. Nothing is composed with an ASCII character behind it, so a piece ends before one where it can; only
# a text without any among so many characters may have a mark parted from its letter.
_PIECE_CHARS: Final = 128
_PIECE: Final = re.compile(rf".{{1,{_PIECE_CHARS}}}(?=[\x00-\x7f])|.{{1,{_PIECE_CHARS}}}", re.DOTALL)


def composed(form: Literal["NFC", "NFKC"], text: str, enough: int | None = None) -> str:
    """The text in a normal form; of a longer one the beginning, at least ``enough`` characters and one more.

    One character may become eighteen, so who reads no more than ``enough`` should not have all of them made.
    """
    if text.isascii():
        return text
    if len(text) <= _PIECE_CHARS:
        return unicodedata.normalize(form, text)
    done: list[str] = []
    length = 0
    for piece in _PIECE.finditer(text):
        made = unicodedata.normalize(form, piece.group())
        done.append(made)
        length += len(made)
        if enough is not None and length > enough:
            break
    return "".join(done)
