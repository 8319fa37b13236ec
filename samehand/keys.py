"""Blocking keys: the exact values under which two accounts can find each other.

A key is a kind and a value. The kind bounds how many accounts one value may list (its posting cap):
beyond it the value is too common to single anybody out, and a flood of one value must not grow
without end or slow down the rest.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class KeyKind(IntEnum):
    """What a blocking key was made of. The number is stored: never reuse or renumber one."""

    HANDLE_FULL = 1  # the whole cleaned handle, digits kept
    HANDLE_BASE = 2  # the skeleton without its trailing digits, and its one-letter deletions
    HANDLE_LETTERS = 3  # the skeleton's letters, sorted: finds swaps and reorders
    HANDLE_LETTERS_LESS_ONE = 4  # the sorted letters with one deleted: finds reorder plus one typo
    HANDLE_CONSONANTS = 5  # the consonant key, finds vowel changes and romanisations
    HANDLE_START = 6  # first letters
    HANDLE_END = 7  # last letters
    NAME_TOKENS = 16  # a display name's tokens, sorted
    NAME_PAIR = 17  # two of its tokens
    NAME_CONSONANTS = 18  # the consonants of its sorted tokens
    NAME_BASE = 19  # the joined skeleton and its one-letter deletions
    EMAIL = 32
    EMAIL_LOCAL = 33
    PHONE = 34
    PHONE_BLOCK = 35
    DEVICE = 36
    PAYMENT = 37
    ADDRESS = 38
    PREFIX = 39
    CONTACT = 40
    REFERRER = 41
    BIO_BAND = 42
    AVATAR_BAND = 43
    AGENT = 44
    AVATAR = 45  # a whole picture hash: only counted, to recognise default avatars
    STEM = 46  # a handle's base: only counted, within its stratum
    WORD = 47  # a name's token: only counted, within its stratum


# How many accounts one value lists at most. Names: a value borne by more than 256 banned accounts
# carries too few bits to single one out among a million, and its posting would cost every look-up
# (measured: recall .955 at 136 candidates with this cap). Personal values: more than 60 accounts behind
# one device or address is a farm, a shop or a carrier, where the value no longer names anybody.
NAME_POSTING_CAP = 256
PERSONAL_POSTING_CAP = 60
# An exact handle keeps a long list: it is the strongest name key, and recurring spam names are real.
EXACT_POSTING_CAP = 1024


def posting_cap(kind: KeyKind) -> int:
    """The most accounts that one value of this kind may list."""
    if kind == KeyKind.HANDLE_FULL:
        return EXACT_POSTING_CAP
    return NAME_POSTING_CAP if kind < KeyKind.EMAIL else PERSONAL_POSTING_CAP


class Key(NamedTuple):
    """One blocking key. ``value`` of a personal kind is a keyed digest, never the raw value."""

    kind: KeyKind
    value: bytes
