"""Whether an account is listed under a key, told from its stored record without making all of its keys.

Making every key of a record costs some forty microseconds, and a look-up checks dozens of candidates, almost
all of them listed in truth. What follows at once from the handle or the picture is said at once; whatever is
left, every other "no" among it, is told from the keys themselves. The tests hold :func:`listed` to
:func:`samehand.fingerprint.enrolment_keys` for every kind of key.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from samehand.blocking import (
    CONSONANTS_MIN,
    DELETION_LENGTH_MIN,
    EDGE,
    EDGE_LENGTH_MIN,
    LETTERS_LENGTH_MIN,
    UNORDERED_LENGTH_MIN,
    sorted_letters,
)
from samehand.errors import UnreadableFingerprint
from samehand.fingerprint import first_section, section, unpack
from samehand.handle_keys import numbered_ends
from samehand.keys import Key, KeyKind, kind_of, value_of
from samehand.signals import BY_CODE, POSITION
from samehand.signals.avatar import ALIKE_BITS, AVATAR, AvatarTrait, distance, has_block
from samehand.signals.handle import HandleTrait
from store.records import keys_of_record

_HANDLE_CODE = next(code for code, signal in BY_CODE.items() if signal.name == "handle")
_LAST_OF_HANDLES = KeyKind.HANDLE_NUMBERED

# Candidates of one batch share records: a batch of 500 with all its candidates fits.
_HANDLES_REMEMBERED = 32_768


def truly(records: Sequence[bytes], key: Key, pictures: Sequence[bytes]) -> bool:
    """Whether an account is listed under a key that found it, and not for a picture unlike the query's."""
    return listed(records, key) and not another_picture(records, key, pictures)


def listed(records: Sequence[bytes], key: Key) -> bool:
    """Whether ``key`` is among the blocking keys of an account's records."""
    return any(_listed(record, key) for record in records)


def another_picture(records: Sequence[bytes], key: Key, pictures: Sequence[bytes]) -> bool:
    """Whether ``key``, one block of a picture, is all that ``pictures`` (hashes) and an account's share.

    Among a million pictures some twenty share one block by chance; they would be told apart only after they
    had taken the places of others.
    """
    if kind_of(key) is not KeyKind.AVATAR_BLOCK or not pictures:
        return False
    shown = [pdq for record in records if (pdq := _pdq(record)) is not None]
    return all(distance(one, other) > ALIKE_BITS for one in pictures for other in shown)


def _listed(record: bytes, key: Key) -> bool:
    if kind_of(key) is KeyKind.AVATAR_BLOCK:
        pdq = _pdq(record)
        return pdq is not None and has_block(pdq, value_of(key))
    if kind_of(key) <= _LAST_OF_HANDLES:
        trait = _handle(record)
        if trait is not None and _surely(trait, key):
            return True
    return key in keys_of_record(record)


def _surely(trait: HandleTrait, key: Key) -> bool:
    """Whether the handle alone says that it is listed so; a "no" says nothing."""
    value = value_of(key).decode("utf-8", "replace")
    if kind_of(key) is KeyKind.HANDLE_FULL:
        return value == trait.literal
    if trait.automatic:
        return False
    base = trait.word.base
    match kind_of(key):
        case KeyKind.HANDLE_WORD:
            short = DELETION_LENGTH_MIN <= len(base) < UNORDERED_LENGTH_MIN
            return bool(base) and (value == base or (short and _one_letter_less(base, value)))
        case KeyKind.HANDLE_SORTED:
            return _by_letters("".join(trait.word.tokens) or base, value)
        case KeyKind.HANDLE_START:
            return len(base) >= EDGE_LENGTH_MIN and value == base[:EDGE]
        case KeyKind.HANDLE_END:
            return len(base) >= EDGE_LENGTH_MIN and value == base[-EDGE:]
        case KeyKind.HANDLE_NUMBERED:
            return value in numbered_ends(base, trait.digits)
        case KeyKind.HANDLE_WHOLE:
            return bool(trait.digits) and value == base + trait.digits != trait.literal
        case KeyKind.HANDLE_CONSONANTS:
            return len(value) >= CONSONANTS_MIN and value == trait.word.consonants
    return False


def _by_letters(word: str, value: str) -> bool:
    if len(word) < LETTERS_LENGTH_MIN:
        return False
    whole = sorted_letters(word)
    return value == whole or (len(word) >= UNORDERED_LENGTH_MIN and _one_letter_less(whole, value))


def _one_letter_less(word: str, value: str) -> bool:
    """Whether ``value`` is ``word`` without one of its letters."""
    if len(value) != len(word) - 1:
        return False
    same = 0
    while same < len(value) and word[same] == value[same]:
        same += 1
    return word[same + 1 :] == value[same:]


def _pdq(record: bytes) -> bytes | None:
    """The picture's hash, read without the sections beside it."""
    try:
        payload = section(record, AVATAR.code)
        trait = None if payload is None else AVATAR.unpack(payload)
    except (IndexError, ValueError, UnreadableFingerprint):
        return None
    return trait.pdq if isinstance(trait, AvatarTrait) else None


@lru_cache(maxsize=_HANDLES_REMEMBERED)
def _handle(record: bytes) -> HandleTrait | None:
    """The handle of a record, read alone where it stands first (as :func:`pack` puts it)."""
    try:
        code, payload = first_section(record)
        trait: object = (
            BY_CODE[code].unpack(payload)
            if code == _HANDLE_CODE
            else unpack(record).traits[POSITION["handle"]]
        )
    except (IndexError, ValueError, UnreadableFingerprint):
        return None
    return trait if isinstance(trait, HandleTrait) else None
