"""The words by which a text may name an organisation, each as a short hash.

Spelling varies (Tehreek, Tehrik, تحریک), so a word with enough consonants is hashed by its consonant key.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from typing import Final

from samehand.normalize.contact.redact import redacted
from samehand.normalize.limits import BIO_CHARS
from samehand.normalize.text.fold import fold_bio
from samehand.normalize.text.leet import collapse
from samehand.normalize.text.phonetic import ARTICLES, consonant_key

WORD_BYTES: Final = 3  # a given word is met by chance once in 17 million
WORDS_MAX: Final = 32  # words of a bio that are kept, in 96 bytes; a short bio has no more
_KEY_MIN: Final = 4  # consonants; fewer are shared by too many words (`kndm` is one, `stt` is dozens)
_GLUED_MIN: Final = 4  # letters; fewer occur in many names by chance
# The words of bios recur: 16,384 of them take 2 MB.
_REMEMBERED: Final = 16_384
_REMEMBERED_LENGTH_MAX: Final = 32
# Words that join others: an alias is the same with and without them, in any language.
_BETWEEN: Final = ARTICLES | {
    *("of", "the", "in", "and", "for", "to", "de", "la", "du", "des", "y", "wa", "fi", "fy")
}


def telling_words(text: str) -> list[str]:
    """The first distinctive words of a text, at most 32, folded, in order, without addresses and numbers."""
    words = fold_bio(redacted(text[:BIO_CHARS])).text.split()
    telling = (word for word in words if len(word) > 1 and word not in _BETWEEN and not word.isdigit())
    return list(islice(telling, WORDS_MAX))


def naming_words(words: Iterable[str]) -> tuple[bytes, ...]:
    """The hash of each word."""
    return tuple(
        _remembered_hash(word) if len(word) <= _REMEMBERED_LENGTH_MAX else _hashed(word) for word in words
    )


def any_in(words: Iterable[str], names: str) -> bool:
    """Returns whether handle or display name contain any of the words; longer words also within others."""
    apart = fold_bio(names[:BIO_CHARS]).text.split()
    joined = collapse("".join(apart))
    sounds = consonant_key(joined)
    for word in words:
        key = consonant_key(word)
        if word in apart or (len(key) >= _KEY_MIN and key in sounds):
            return True
        if len(word) >= _GLUED_MIN and collapse(word) in joined:
            return True
    return False


def contains(text: tuple[bytes, ...], name: tuple[bytes, ...]) -> bool:
    """Returns whether all words of a name occur in a text next to each other, in order."""
    if not name or len(name) > len(text):
        return False
    return any(text[start : start + len(name)] == name for start in range(len(text) - len(name) + 1))


def _hashed(word: str) -> bytes:
    key = consonant_key(word)
    spelling = f"={collapse(word)}" if len(key) < _KEY_MIN else key
    return blake2b(spelling.encode(), digest_size=WORD_BYTES, person=b"samehand-words").digest()


_remembered_hash = lru_cache(maxsize=_REMEMBERED)(_hashed)
