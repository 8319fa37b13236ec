"""Whether an account is listed under a key, told from its stored record without making all of its keys.

Making every key of a record costs some eighty microseconds, and a look-up checks dozens of candidates, almost
all of them listed in truth. So the one trait is read of which such a key is made, and asked; what is left is
told from all keys. The tests hold :func:`listed` to
:func:`samehand.fingerprint.enrolment_keys` for every kind of key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Final

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
from samehand.keys import Key, KeyKind
from samehand.name_keys import is_long
from samehand.signals import BY_CODE, POSITION, SIGNALS
from samehand.signals.avatar import ALIKE_BITS, AVATAR, AvatarTrait, distance, has_block
from samehand.signals.bio import BIO, has_band
from samehand.signals.crossing import CROSSING, names_of
from samehand.signals.digest import DIGEST_BYTES
from samehand.signals.handle_trait import HandleTrait
from samehand.signals.name_trait import NameTrait
from store.records import keys_of_record

HANDLE_CODE, NAME_CODE = (SIGNALS[POSITION[name]].code for name in ("handle", "name"))
# Plain numbers: a look-up asks some thirty times, and to read a member of an enumeration takes longer than
# all the rest.
_LAST_OF_HANDLES, _LAST_OF_NAMES = int(KeyKind.HANDLE_NUMBERED), int(KeyKind.NAME_INITIAL)
_NAMING_RUN, _NAMING_WORD, _BIO_BAND, _AVATAR_BLOCK = (
    int(KeyKind.NAMING_RUN),
    int(KeyKind.NAMING_WORD),
    int(KeyKind.BIO_BAND),
    int(KeyKind.AVATAR_BLOCK),
)
_HANDLE_FULL = int(KeyKind.HANDLE_FULL)
_DIGESTS = frozenset(map(int, (KeyKind.DEVICE, KeyKind.PAYMENT, KeyKind.ADDRESS, KeyKind.PREFIX)))


def truly(records: Sequence[bytes], key: Key, pictures: Sequence[bytes]) -> bool:
    """Whether a key that found an account is one of its own, and not for a picture unlike the query's.

    Told as :func:`listed` tells it, but for words: an account that shows one is taken to be listed under it.
    It need not be, for only its rarest words are; but then a false entry must have met an account that bears
    the very word (once in some million look-ups, reckoned), and the two do share it.
    """
    kind = key[0]
    if kind == _NAMING_WORD:
        word = key[1:].decode("utf-8", "replace")
        return any(_shows(record, word) for record in records)
    return listed(records, key) and (kind != _AVATAR_BLOCK or not another_picture(records, key, pictures))


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
    if key[0] != _AVATAR_BLOCK or not pictures:
        return False
    shown = [pdq for record in records if (pdq := _pdq(record)) is not None]
    return all(distance(one, other) > ALIKE_BITS for one in pictures for other in shown)


def _listed(record: bytes, key: Key) -> bool:
    kind = key[0]
    if kind <= _LAST_OF_HANDLES:
        handle = _trait(record, HANDLE_CODE)
        return isinstance(handle, HandleTrait) and _called(handle, kind, key)
    if kind == _NAMING_RUN:
        return _runs_through(record, key[1:].decode("utf-8", "replace"))
    if kind <= _LAST_OF_NAMES:
        name = _trait(record, NAME_CODE)
        return isinstance(name, NameTrait) and _named(name, kind, key)
    if kind == _BIO_BAND:
        signature = _payload(record, BIO.code)[1:]
        return bool(signature) and has_band(signature, key[1:])
    if kind == _AVATAR_BLOCK:
        pdq = _pdq(record)
        return pdq is not None and has_block(pdq, key[1:])
    if kind == _NAMING_WORD:
        return key in CROSSING.keys(names_of(_trait(record, HANDLE_CODE), _trait(record, NAME_CODE)))
    # No other trait makes such a digest of anything, so that who holds it is listed under it.
    if kind in _DIGESTS and len(key) == 1 + DIGEST_BYTES and key[1:] in record:
        return True
    return key in keys_of_record(record)


def _shows(record: bytes, word: str) -> bool:
    """Whether a word stands in a display name, or in a handle that somebody chose."""
    name = _trait(record, NAME_CODE)
    if isinstance(name, NameTrait) and word in name.words:
        return True
    handle = _trait(record, HANDLE_CODE)
    if not isinstance(handle, HandleTrait) or handle.automatic:
        return False
    return word in handle.word.base or word in handle.word.tokens


def _runs_through(record: bytes, run: str) -> bool:
    """Whether a handle that somebody chose, or a display name, is listed under these letters in a row."""
    handle = _trait(record, HANDLE_CODE)
    if isinstance(handle, HandleTrait) and not handle.automatic and _has_run(handle.word.base, run):
        return True
    name = _trait(record, NAME_CODE)
    return isinstance(name, NameTrait) and _has_run(name.base, run)


def _has_run(word: str, run: str) -> bool:
    return run in word and run in spread_runs(word)


def _called(handle: HandleTrait, kind: int, key: Key) -> bool:
    """Whether a handle is listed so."""
    value = key[1:].decode("utf-8", "replace")
    if kind == _HANDLE_FULL and value == handle.literal:
        return True
    surely = _SURELY_CALLED.get(kind)
    if surely is not None and not handle.automatic and surely(handle, value):
        return True
    return key in BY_CODE[HANDLE_CODE].keys(handle)


def _named(name: NameTrait, kind: int, key: Key) -> bool:
    """Whether a display name is listed so."""
    told = _NAMED.get(kind)
    return (
        key in BY_CODE[NAME_CODE].keys(name)
        if told is None
        else told(name, key[1:].decode("utf-8", "replace"))
    )


def _by_word(handle: HandleTrait, value: str) -> bool:
    base = handle.word.base
    if value == base or value in handle.alternates:
        return bool(value)
    return DELETION_LENGTH_MIN <= len(base) < UNORDERED_LENGTH_MIN and _one_letter_less(base, value)


def _by_sorted(handle: HandleTrait, value: str) -> bool:
    joined = "".join(handle.word.tokens) or handle.word.base
    return _by_letters(joined, value, len(joined) >= LETTERS_LISTED_WHOLE_LENGTH_MIN)


def _by_number(handle: HandleTrait, value: str) -> bool:
    return value in numbered_ends(handle.word.base, handle.digits)


def _by_whole(handle: HandleTrait, value: str) -> bool:
    return bool(handle.digits) and value == handle.word.base + handle.digits != handle.literal


def _by_consonants(handle: HandleTrait, value: str) -> bool:
    return len(value) >= CONSONANTS_MIN and value == handle.word.consonants


# By the number of a kind: whether a handle that somebody chose is surely listed so. A "no" says nothing.
_SURELY_CALLED: Final[dict[int, Callable[[HandleTrait, str], bool]]] = {
    int(KeyKind.HANDLE_WORD): _by_word,
    int(KeyKind.HANDLE_SORTED): _by_sorted,
    int(KeyKind.HANDLE_NUMBERED): _by_number,
    int(KeyKind.HANDLE_WHOLE): _by_whole,
    int(KeyKind.HANDLE_CONSONANTS): _by_consonants,
}


def _by_name_letters(name: NameTrait, value: str) -> bool:
    joined = name.joined or name.base
    return _by_letters(joined, value, is_long(joined))


def _by_name_word(name: NameTrait, value: str) -> bool:
    return value == name.base


def _by_name_consonants(name: NameTrait, value: str) -> bool:
    return len(value) >= CONSONANTS_MIN and value == "".join(sorted(name.sounds))


def _by_initial(name: NameTrait, value: str) -> bool:
    telling = {name.words[place] for place in name.telling}
    return len(telling) == 2 and value in [f"{one} {other[0]}" for one, other in permutations(telling, 2)]


# By the number of a kind: whether a display name is listed so.
_NAMED: Final[dict[int, Callable[[NameTrait, str], bool]]] = {
    int(KeyKind.NAME_WORD): _by_name_word,
    int(KeyKind.NAME_LETTERS): _by_name_letters,
    int(KeyKind.NAME_CONSONANTS): _by_name_consonants,
    int(KeyKind.NAME_INITIAL): _by_initial,
}


def _by_letters(word: str, value: str, whole_alone: bool) -> bool:
    if len(word) < LETTERS_LENGTH_MIN:
        return False
    whole = sorted_letters(word)
    if value == whole:
        return True
    return not whole_alone and len(word) >= UNORDERED_LENGTH_MIN and _one_letter_less(whole, value)


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


def _trait(record: bytes, code: int) -> object | None:
    """One trait, read without the others.

    Nothing is kept here: names are where they are unpacked, and beside that a cache of whole records spared
    no time that could be measured (56,000 look-ups), while what it held scattered over the memory.
    """
    payload = _payload(record, code)
    try:
        trait: object = BY_CODE[code].unpack(payload) if payload else None
    except (IndexError, ValueError, UnreadableFingerprint):
        return None
    return trait
