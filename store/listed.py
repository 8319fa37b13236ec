"""Whether an account is listed under a key, told from its stored record without making all of its keys.

Making every key of a record costs some forty microseconds, and a look-up checks dozens of candidates. For
the keys of a handle the answer follows from the handle itself in one; for all others the keys are made. The
tests hold :func:`listed` to :func:`samehand.fingerprint.enrolment_keys` for every kind of key.
"""

from __future__ import annotations

from functools import lru_cache

from samehand.blocking import CONSONANTS_MIN, DELETION_LENGTH_MIN, EDGE, EDGE_LENGTH_MIN, sorted_letters
from samehand.errors import UnreadableFingerprint
from samehand.fingerprint import unpack
from samehand.keys import Key, KeyKind
from samehand.signals import BY_CODE, POSITION
from samehand.signals.handle import HandleTrait
from store.records import keys_of_record

_HANDLE_CODE = next(code for code, signal in BY_CODE.items() if signal.name == "handle")
_LAST_OF_HANDLES = KeyKind.HANDLE_END

# Candidates of one batch share records: a batch of 500 with all its candidates fits.
_HANDLES_REMEMBERED = 32_768


def listed(record: bytes, key: Key) -> bool:
    """Whether ``key`` is among the record's blocking keys."""
    if key.kind > _LAST_OF_HANDLES:
        return key in keys_of_record(record)
    trait = _handle(record)
    return trait is not None and _by_handle(trait, key)


def _by_handle(trait: HandleTrait, key: Key) -> bool:
    value = key.value.decode("utf-8", "replace")
    if key.kind is KeyKind.HANDLE_FULL:
        return value == trait.literal
    if trait.automatic:
        return False
    if key.kind is KeyKind.HANDLE_CONSONANTS:
        return len(value) >= CONSONANTS_MIN and value == trait.word.consonants
    return any(_by_reading(word, key.kind, value) for word in (trait.word.base, *trait.alternates) if word)


def _by_reading(word: str, kind: KeyKind, value: str) -> bool:
    if kind is KeyKind.HANDLE_BASE:
        return value == word or (len(word) >= DELETION_LENGTH_MIN and _one_letter_less(word, value))
    if kind is KeyKind.HANDLE_LETTERS:
        return len(word) >= DELETION_LENGTH_MIN and len(value) == len(word) and value == sorted_letters(word)
    if kind is KeyKind.HANDLE_START:
        return len(word) >= EDGE_LENGTH_MIN and value == word[:EDGE]
    if kind is KeyKind.HANDLE_END:
        return len(word) >= EDGE_LENGTH_MIN and value == word[-EDGE:]
    return False


def _one_letter_less(word: str, value: str) -> bool:
    """Whether ``value`` is ``word`` without one of its letters."""
    if len(value) != len(word) - 1:
        return False
    same = 0
    while same < len(value) and word[same] == value[same]:
        same += 1
    return word[same + 1 :] == value[same:]


@lru_cache(maxsize=_HANDLES_REMEMBERED)
def _handle(record: bytes) -> HandleTrait | None:
    """The handle of a record, read alone where it stands first (as :func:`pack` puts it)."""
    try:
        start = 9 + record[8]
        start += 1 + record[start]
        if record[start] == _HANDLE_CODE and record[start + 1] < 0xFF:
            payload = record[start + 2 : start + 2 + record[start + 1]]
            trait: object = BY_CODE[_HANDLE_CODE].unpack(payload)
        else:
            trait = unpack(record).traits[POSITION["handle"]]
    except (IndexError, ValueError, UnreadableFingerprint):
        return None
    return trait if isinstance(trait, HandleTrait) else None
