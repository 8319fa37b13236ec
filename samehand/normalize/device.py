"""Device identifiers in one spelling, and the junk among them that names no device."""

from __future__ import annotations

import re
from typing import Final

# Shorter ids collide by chance; longer ones are no ids.
_LENGTH_MIN: Final = 8
_LENGTH_MAX: Final = 256
_WORDS_FOR_NOTHING: Final = frozenset(
    {
        *("unknown", "undefined", "null", "none", "nil", "n/a", "nan", "default", "test", "android"),
        *("deviceid", "device_id"),
    }
)
# Known constants that thousands of devices report as their own: the ANDROID_ID of a faulty Android 2.2 build
# (Android issue 10603), the privacy stand-in for hardware addresses since Android 6 and iOS 7, the emulators'
# IMEIs.
_CONSTANTS: Final = frozenset(
    {
        "9774d56d682e549c",
        "020000000000",
        "000000000000000",
        "358240051111110",
        "012345678912345",
        "004999010640000",
    }
)
# Names that software puts before an id.
_LABEL: Final = re.compile(
    r"^(?:idfa|idfv|gaid|aaid|adid|android[_-]?id|ios|android|imei|mac|uuid|urn:uuid)[:=]+", re.IGNORECASE
)
_NOT_HEX: Final = re.compile(r"[-{}:.\s]+")
_HEX: Final = re.compile(r"[0-9a-fA-F]{8,64}")
_NO_SYMBOL: Final = re.compile(r"[\W_]+")
_REPEATED: Final = re.compile(r"(.{1,4}?)\1+.?")
_RISING: Final = "0123456789abcdef0123456789"
# A random id has about as many different symbols as its alphabet allows; one with three or fewer is a
# placeholder.
_SYMBOLS_MIN: Final = 4


def normal_device(device_id: str) -> str | None:
    """The id in one spelling, or ``None`` where it is junk (all zero, repeated, `unknown`, a known constant).

    Hexadecimal ids (IDFA, GAID, IDFV, Android id) lose case, braces and dashes, and those of 32 digits are
    written as UUIDs. Any other id is opaque and kept letter for letter.
    """
    bare = _LABEL.sub("", device_id.strip()[: _LENGTH_MAX + 1])
    if not _LENGTH_MIN <= len(bare) <= _LENGTH_MAX or bare.lower() in _WORDS_FOR_NOTHING:
        return None
    digits = _NOT_HEX.sub("", bare)
    if _HEX.fullmatch(digits):
        digits = digits.lower()
        if _is_junk(digits):
            return None
        if len(digits) != 32:
            return digits
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    return None if _is_junk(_NO_SYMBOL.sub("", bare.lower())) else bare


def _is_junk(symbols: str) -> bool:
    return (
        len(symbols) < _LENGTH_MIN
        or symbols in _CONSTANTS
        or len(set(symbols)) < _SYMBOLS_MIN
        or _REPEATED.fullmatch(symbols) is not None
        or symbols in _RISING
        or symbols[::-1] in _RISING
    )
