"""Whether an account is listed under a key, told from its stored record without making all of its keys.

Making every key of a record costs some eighty microseconds, and a look-up checks dozens of candidates, almost
all of them listed in truth. So the one trait is read of which such a key is made, and asked; what is left is
told from all keys. The tests hold :func:`listed` to
:func:`samehand.fingerprint.enrolment_keys` for every kind of key.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import permutations

from samehand.blocking import (
    CONSONANTS_MIN,
    DELETION_LENGTH_MIN,
    LETTERS_LENGTH_MIN,
    LETTERS_LISTED_WHOLE_LENGTH_MIN,
    UNORDERED_LENGTH_MIN,
    sorted_letters,
    spread_runs,
)
from samehand.errors import UnreadableFingerprint
from samehand.fingerprint import section
from samehand.handle_keys import numbered_ends
from samehand.keys import Key, KeyKind, kind_of, value_of
from samehand.signals import BY_CODE, POSITION, SIGNALS
from samehand.signals.avatar import ALIKE_BITS, AVATAR, AvatarTrait, distance, has_block
from samehand.signals.bio import BIO, has_band
from samehand.signals.crossing import CROSSING, names_of
from samehand.signals.digest import DIGEST_BYTES
from samehand.signals.handle import HandleTrait
from samehand.signals.name import NameTrait
from store.records import keys_of_record

HANDLE_CODE, NAME_CODE = (SIGNALS[POSITION[name]].code for name in ("handle", "name"))
_LAST_OF_HANDLES, _LAST_OF_NAMES = KeyKind.HANDLE_RUN, KeyKind.NAME_INITIAL
_DIGESTS = frozenset((KeyKind.DEVICE, KeyKind.PAYMENT, KeyKind.ADDRESS, KeyKind.PREFIX))

# Candidates of one batch share records: some thousand of the mean batch, 4 KB each with record and trait.
_TRAITS_REMEMBERED = 8_192


def truly(records: Sequence[bytes], key: Key, pictures: Sequence[bytes]) -> bool:
    """Whether an account is listed under a key that found it, and not for a picture unlike the query's."""
    return listed(records, key) and (
        key[0] != KeyKind.AVATAR_BLOCK or not another_picture(records, key, pictures)
    )


def listed(records: Sequence[bytes], key: Key) -> bool:
    """Whether ``key`` is among the blocking keys of an account's records."""
    if len(records) == 1:
        return _listed(records[0], key)
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
    kind = kind_of(key)
    if kind in _DIGESTS:
        # No other trait makes this digest of anything, so that who holds it is listed under it.
        if len(key) == 1 + DIGEST_BYTES and key[1:] in record:
            return True
    elif kind is KeyKind.AVATAR_BLOCK:
        pdq = _pdq(record)
        return pdq is not None and has_block(pdq, key[1:])
    elif kind is KeyKind.BIO_BAND:
        signature = _payload(record, BIO.code)[1:]
        return bool(signature) and has_band(signature, key[1:])
    elif kind <= _LAST_OF_HANDLES:
        handle = _trait(record, HANDLE_CODE)
        if not isinstance(handle, HandleTrait):
            return False
        return _surely(handle, key) or key in BY_CODE[HANDLE_CODE].keys(handle)
    elif kind <= _LAST_OF_NAMES:
        name = _trait(record, NAME_CODE)
        return isinstance(name, NameTrait) and _named(name, key)
    elif kind is KeyKind.NAMING_WORD:
        return key in CROSSING.keys(names_of(_trait(record, HANDLE_CODE), _trait(record, NAME_CODE)))
    return key in keys_of_record(record)


def _named(name: NameTrait, key: Key) -> bool:
    """Whether a display name is listed so."""
    kind, value = kind_of(key), key[1:].decode("utf-8", "replace")
    match kind:
        case KeyKind.NAME_WORD:
            return value == name.base
        case KeyKind.NAME_LETTERS:
            return _by_letters(name.joined or name.base, value)
        case KeyKind.NAME_CONSONANTS:
            return len(value) >= CONSONANTS_MIN and value == "".join(sorted(name.sounds))
        case KeyKind.NAME_INITIAL if value not in {
            f"{one} {other[:1]}" for one, other in permutations(name.words, 2)
        }:
            return False
    return key in BY_CODE[NAME_CODE].keys(name)


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
            joined = "".join(trait.word.tokens) or base
            if len(joined) >= LETTERS_LISTED_WHOLE_LENGTH_MIN:
                return value == sorted_letters(joined)
            return _by_letters(joined, value)
        case KeyKind.HANDLE_RUN:
            return value in spread_runs(base)
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
    """The picture's hash."""
    trait = _trait(record, AVATAR.code)
    return trait.pdq if isinstance(trait, AvatarTrait) else None


def _payload(record: bytes, code: int) -> bytes:
    """One section, read without the others; empty where there is none or the record is damaged."""
    try:
        return section(record, code) or b""
    except (IndexError, ValueError, UnreadableFingerprint):
        return b""


@lru_cache(maxsize=_TRAITS_REMEMBERED)
def _trait(record: bytes, code: int) -> object | None:
    """One trait, read without the others."""
    payload = _payload(record, code)
    try:
        trait: object = BY_CODE[code].unpack(payload) if payload else None
    except (IndexError, ValueError, UnreadableFingerprint):
        return None
    return trait
