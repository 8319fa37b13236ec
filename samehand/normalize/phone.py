"""Phone numbers as E.164, and the block of a hundred around each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers

# E.164 allows 15 digits; spaces, brackets and an extension may stand around them.
_TEXT_LENGTH_MAX: Final = 40
_DIGITS_MIN: Final = 7
# Two readings suffice for all but numbers with several trunk prefixes, which nobody types.
_READINGS_MAX: Final = 4
_RISING: Final = "01234567890123456789"
_REPEATED: Final = re.compile(r"(.{1,2})\1{3,}.?")
_REGION: Final = re.compile(r"[-_]([A-Za-z]{2})(?=$|[-_.@])")


@dataclass(frozen=True, slots=True)
class PhoneFold:
    """A phone number. ``e164`` starts with ``+``; ``block`` is ``e164`` without the last two digits (numbers
    bought together share it); ``country_code`` is the dialling code.
    """

    e164: str
    block: str
    country_code: int


def fold_phone(text: str, locale: str | None = None) -> PhoneFold | None:
    """The phone number in a text; ``None`` without one, or for a placeholder (one digit repeated, 123456789).

    ``locale`` gives the region of a number without its country code; without one, only numbers with ``+`` or
    ``00`` in front are read.
    """
    if len(text) > _TEXT_LENGTH_MAX or sum(map(str.isdigit, text)) < _DIGITS_MIN:
        return None
    bare = text.strip()
    bare = f"+{bare[2:]}" if bare.startswith("00") and not bare.startswith("000") else bare
    # Parsed again from its E.164 form until that no longer changes: only the second parse drops a trunk
    # prefix behind the country code (+92 0301 …). The region matters to no number with a country code.
    e164, region = bare, region_of(locale)
    for _ in range(_READINGS_MAX):
        try:
            number = phonenumbers.parse(bare, region)
        except phonenumbers.NumberParseException:
            return None
        bare, region = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None
        if bare == e164:
            break
        e164 = bare
    else:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    # Nobody's: it is too short, repeats one or two digits, or counts up or down.
    national = str(number.national_number)
    if (
        len(national) < _DIGITS_MIN - 2
        or len(set(national[1:])) == 1
        or national in _RISING
        or national[::-1] in _RISING
        or _REPEATED.fullmatch(national)
    ):
        return None
    return PhoneFold(e164, e164[:-2], number.country_code or 0)


def region_of(locale: str | None) -> str | None:
    """The ISO region of a locale (`ur-PK`, `ur_PK.UTF-8`), or ``None``."""
    match = _REGION.search(locale) if locale else None
    return match.group(1).upper() if match else None
