"""Words that nearly every stored record repeats, and the one byte that stands for each.

A word's place in its tuple is part of the stored form: append, never reorder or remove. A record spells out a
word that is not listed here, so that a new platform needs no new version of the record.
"""

from __future__ import annotations

from typing import Final

SPELLED: Final = 0
"""The code after which the word itself follows."""

_PLATFORMS: Final = ("x", "facebook", "instagram", "telegram", "whatsapp")

_STRATA: Final = (
    *(
        "latin",
        "cyrillic",
        "greek",
        "arabic",
        "hebrew",
        "devanagari",
        "han",
        "hangul",
        "kana",
        "other",
        "none",
    ),
    *("ar", "bal", "bg", "bn", "de", "en", "es", "fa", "fr", "hi", "id", "it", "ja", "kk", "ko", "ku", "mn"),
    *("mr", "ne", "pl", "ps", "pt", "ru", "sd", "sr", "sw", "tg", "tr", "ug", "uk", "ur", "vi", "zh"),
    *("ha", "pa", "so"),
)


class Interned:
    """Words of one kind by their codes."""

    def __init__(self, words: tuple[str, ...]) -> None:
        """Takes at most 255 words in the order of their codes, which begin at 1."""
        self._words = words
        self._codes = {word: code for code, word in enumerate(words, SPELLED + 1)}

    def __len__(self) -> int:
        """How many words have a code; also the last code."""
        return len(self._words)

    def pack(self, word: str) -> bytes:
        """The word's code, or :data:`SPELLED`, the length and the word (at most 255 bytes of UTF-8)."""
        code = self._codes.get(word)
        if code is not None:
            return bytes((code,))
        spelled = word.encode()
        return bytes((SPELLED, len(spelled))) + spelled

    def unpack(self, record: bytes, here: int) -> tuple[str, int]:
        """The word that begins at the offset ``here`` of a record, and the offset where it ends.

        Raises ``IndexError`` or ``UnicodeDecodeError`` where no word begins there.
        """
        code = record[here]
        if code != SPELLED:
            return self._words[code - 1], here + 1
        start = here + 2
        end = start + record[here + 1]
        return record[start:end].decode(), end


PLATFORMS: Final = Interned(_PLATFORMS)
STRATA: Final = Interned(_STRATA)
