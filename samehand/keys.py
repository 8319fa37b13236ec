"""Blocking keys: the exact values under which two accounts can find each other.

A key is a kind and a value. The kind bounds how many accounts the posting of one value proposes (its posting
cap): a value that more accounts bear is too common to single anybody out, and a flood of one value must not
grow without end or slow down the rest. Beyond the cap a name's value proposes nobody (:func:`falls_silent`),
and other values propose some of their bearers (docs/adr/0052-crowded-values.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NewType, cast


class KeyKind(IntEnum):
    """What a blocking key was made of. The number is stored: never reuse or renumber one."""

    HANDLE_FULL = 1  # the whole cleaned handle, digits kept
    HANDLE_CONSONANTS = 5  # the consonant key, finds vowel changes and romanisations
    HANDLE_WORD = 8  # the skeleton without its trailing digits, a short one's one-letter deletions
    HANDLE_SORTED = 9  # the skeleton's sorted letters, all and less one: finds typos, swaps and reorders
    HANDLE_WHOLE = 10  # the skeleton with its digits, a short one's also less one
    HANDLE_NUMBERED = 11  # two letters of an end and the digits: tells the bearers of a common base apart
    NAMING_RUN = 12  # five letters in a row of a handle or a joined display name, wherever they stand
    NAME_TOKENS = 16  # a display name's tokens, sorted
    NAME_PAIR = 17  # two of a display name's tokens
    NAME_CONSONANTS = 18  # the consonants of each token, sorted
    NAME_WORD = 20  # the display name's skeleton, in one
    NAME_LETTERS = 21  # its sorted letters, all and less one
    NAME_INITIAL = 22  # one token and the first letter of another
    NAMING_WORD = 23  # a rare word of a handle or a display name, by itself
    EMAIL = 32
    EMAIL_PART = 33  # the local part of a mailbox, or its private domain
    PHONE = 34
    PHONE_BLOCK = 35
    DEVICE = 36
    PAYMENT = 37
    ADDRESS = 38
    PREFIX = 39
    CONTACT = 40
    REFERRER = 41
    BIO_BAND = 42
    AGENT = 44
    AVATAR = 45  # a whole picture hash: only counted, to recognise default avatars
    STEM = 46  # a handle's base: only counted, within its stratum
    WORD = 47  # a name's token: only counted, within its stratum
    AVATAR_BLOCK = 48  # 19 bits of a picture hash
    OWN_CONTACT = 49  # the address of a handle: profiles that name it as a contact point find its account
    RUNNER = 50  # an account, under which it is listed itself and all that it made or administers


# Posting caps. Names: a value borne by more than 256 banned accounts carries too few bits to single one out
# among a million, and its posting would cost every look-up (measured: recall .955 at 136 candidates with this
# cap). Personal values: more than 60 accounts behind one device or address are a farm, a shop or a carrier,
# and the value no longer singles anybody out. Where the value names a person or a machine, a full posting
# lists 30 later accounts as well, 90 in all, lest 60 decoys hide the next account
# (docs/adr/0052-crowded-values.md).
NAME_POSTING_CAP: Final = 256
PERSONAL_POSTING_CAP: Final = 60
# An exact handle keeps a long list: it is the strongest name key, and recurring spam names are real.
EXACT_POSTING_CAP: Final = 1024
# A rare word or a run of letters finds accounts that no other key finds; one that many share finds strangers.
# A cap of 32 on runs keeps the mean number of candidates among a million bans within 150
# (docs/adr/0039-keys-and-who-is-read.md).
SHORT_POSTING_CAP: Final = 32
SHORT_KINDS: Final = frozenset({KeyKind.NAMING_RUN, KeyKind.NAMING_WORD})


def posting_cap(kind: KeyKind) -> int:
    """The posting cap of a kind: how many accounts one value proposes, before it counts as too common.

    A full posting of a value that names a person or a machine lists up to half as many later accounts as well
    (docs/adr/0052-crowded-values.md).
    """
    if kind == KeyKind.HANDLE_FULL:
        return EXACT_POSTING_CAP
    if kind in SHORT_KINDS:
        return SHORT_POSTING_CAP
    return NAME_POSTING_CAP if kind < KeyKind.EMAIL else PERSONAL_POSTING_CAP


def falls_silent(kind: KeyKind) -> bool:
    """Returns whether a value of this kind proposes nobody once more accounts bear it than its posting cap.

    True for values made of names, except the whole handle: which of too many bearers they would propose
    depends on the order of arrival alone. A device, an address or the handle of a campaign goes on proposing
    accounts, so that a farm cannot hide behind its own size.
    """
    return kind < KeyKind.EMAIL and kind != KeyKind.HANDLE_FULL


HANDLE_KINDS: Final = (*(int(kind) for kind in KeyKind if kind <= KeyKind.NAMING_RUN), KeyKind.NAMING_WORD)
"""Kinds of keys under which a handle is listed."""

DISPLAY_NAME_KINDS: Final = (
    KeyKind.NAMING_RUN,
    *(int(kind) for kind in KeyKind if KeyKind.NAME_TOKENS <= kind <= KeyKind.NAMING_WORD),
)
"""Kinds of keys under which a display name is listed."""


def is_personal(kind: int) -> bool:
    """Returns whether a value of this kind belongs to somebody: an address, a device, a contact point."""
    return KeyKind.EMAIL <= kind <= KeyKind.CONTACT or kind == KeyKind.RUNNER


Key = NewType("Key", bytes)
"""One blocking key: a byte for its kind, then its value (of a personal kind a keyed digest, never raw).

Plain bytes, since a look-up makes some seventy of them: they cache their hash and sort by kind, and a batch
of them is one array.
"""

_BYTES: Final = [bytes((kind,)) for kind in range(256)]
_KINDS: Final = {int(kind): kind for kind in KeyKind}


def key_of(kind: KeyKind, value: bytes) -> Key:
    return Key(_BYTES[kind] + value)


def keys_of(kind: KeyKind, words: Iterable[str]) -> list[Key]:
    """The keys of one kind of several words, in UTF-8; empty words are left out."""
    start = _BYTES[kind]
    return cast(list[Key], [start + word.encode() for word in words if word])


def kind_of(key: Key) -> KeyKind:
    return _KINDS[key[0]]


def value_of(key: Key) -> bytes:
    return key[1:]
