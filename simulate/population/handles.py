"""Handles, formed the way people form them."""

import re
from random import Random
from zlib import crc32

from simulate.population.languages import Name, Tongue
from simulate.sampling import Weighted, below, between, digits, one_of

_ILLEGAL = {
    "x": re.compile(r"[^A-Za-z0-9_]"),
    "instagram": re.compile(r"[^a-z0-9._]"),
    "telegram": re.compile(r"[^A-Za-z0-9_]"),
    "facebook": re.compile(r"[^A-Za-z0-9.]"),
    "forum": re.compile(r"\s"),
}
_LENGTH = {"x": (4, 15), "instagram": (3, 30), "telegram": (5, 32), "facebook": (5, 50), "forum": (3, 32)}
_SEPARATOR = {"x": "_", "instagram": ".", "telegram": "_", "facebook": ".", "forum": "-"}
NAMELESS_PLATFORMS = frozenset({"whatsapp"})
"""Platforms on which an account is a phone number and has no handle."""

_FORMS = Weighted(
    [
        *("full", "full_digits", "given_digits", "initial_family", "family_given"),
        *("words", "word_digits", "prefixed", "nickname", "default"),
    ],
    [20, 24, 12, 7, 6, 8, 8, 6, 5, 8],
)
_PREFIXES = ("its", "iam", "the", "im", "mr", "miss", "just", "only", "call_me_", "hey", "not", "yours")
_BIRTH_YEAR_FIRST, _BIRTH_YEAR_LAST = 1965, 2010


def fitted(platform: str, text: str) -> str:
    """The nearest handle the platform allows: illegal characters gone, cut or padded to its lengths."""
    if platform == "instagram":
        text = text.lower()
    shortest, longest = _LENGTH[platform]
    if shortest <= len(text) <= longest and text.isascii() and text.isalnum() and text[0] > "9":
        return text  # the plain case, which is most
    if platform in {"facebook", "instagram"}:
        text = text.replace("-", ".").replace("_", "." if platform == "facebook" else "_")
    elif platform in {"x", "telegram"}:
        text = text.replace(".", "_").replace("-", "_")
    text = _ILLEGAL[platform].sub("", text)
    if platform == "telegram" and not text[:1].isalpha():
        text = "a" + text
    if platform in {"facebook", "instagram"}:
        text = text.strip(".")
    text = text[:longest]
    return text if len(text) >= shortest else text + "0123456789"[1 : 1 + shortest - len(text)]


def legal(platform: str, handle: str) -> bool:
    """Returns whether the platform would accept this handle as it stands."""
    return fitted(platform, handle) == handle


def handle(rng: Random, platform: str, tongue: Tongue, given: Name, family: Name) -> str:
    """A handle a person of this name might choose, or be given."""
    if platform == "forum" and not tongue.latin_script and rng.random() < 0.35:
        return fitted(platform, f"{given.native}{one_of(rng, ('', '_', '-'))}{family.native}{_number(rng)}")
    first = given.latin[0] if rng.random() < 0.7 else one_of(rng, given.latin)
    last = family.latin[0] if rng.random() < 0.7 else one_of(rng, family.latin)
    return fitted(platform, _formed(rng, platform, tongue, first, last))


def _formed(rng: Random, platform: str, tongue: Tongue, first: str, last: str) -> str:
    form = _FORMS.pick(rng)
    gap = one_of(rng, ("", "", _SEPARATOR[platform], "_"))
    if form == "full":
        return f"{first}{gap}{last}"
    if form == "full_digits":
        return f"{first}{gap}{last}{_number(rng)}"
    if form == "given_digits":
        return f"{first}{gap}{_number(rng)}"
    if form == "initial_family":
        return f"{first[0]}{gap}{last}{one_of(rng, ('', _number(rng)))}"
    if form == "family_given":
        return f"{last}{gap}{first}{one_of(rng, ('', _number(rng)))}"
    if form == "words":
        return f"{one_of(rng, tongue.words)}{gap}{one_of(rng, tongue.words)}{one_of(rng, ('', _number(rng)))}"
    if form == "word_digits":
        return (
            f"{one_of(rng, (first, one_of(rng, tongue.words)))}{gap}{one_of(rng, tongue.words)}{_number(rng)}"
        )
    if form == "prefixed":
        return f"{one_of(rng, _PREFIXES)}{gap}{first}{one_of(rng, ('', last, _number(rng)))}"
    if form == "nickname":
        short = first[: between(rng, 3, 5)]
        drawn_out = short[-1] * between(rng, 0, 2)
        return f"{short}{drawn_out}{gap}{one_of(rng, ('y', 'oo', 'ie', 'o', 'boy', ''))}{_number(rng)}"
    return default(rng, platform, first)


def default(rng: Random, platform: str, first: str) -> str:
    """What the platform proposes and many leave: part of the name and digits, or ``user`` and digits."""
    return f"{first[:7].capitalize()}{digits(rng, 8)}" if platform == "x" else f"user{digits(rng, 9)}"


def _number(rng: Random) -> str:
    draw = rng.random()
    if draw < 0.3:
        return str(between(rng, _BIRTH_YEAR_FIRST, _BIRTH_YEAR_LAST))
    if draw < 0.55:
        return f"{between(rng, _BIRTH_YEAR_FIRST, _BIRTH_YEAR_LAST) % 100:02d}"
    if draw < 0.8:
        return str(below(rng, 1000))
    if draw < 0.9:
        return one_of(rng, ("7", "786", "123", "007", "1", "99", "11", "313", "88", "10"))
    return str(below(rng, 100_000))


class TakenHandles:
    """Which handles a platform has given out already, so that no two accounts hold the same one.

    One bit a handle in a table 32 times as large as the population: 4 MB a million. Two handles that fall on
    one bit (at most 3 %) only make somebody choose again.
    """

    def __init__(self, accounts: int) -> None:
        self._size = max(1024, 32 * accounts)
        self._bits = bytearray(self._size // 8 + 1)

    def claim(self, rng: Random, platform: str, wish: str) -> str:
        """The wish, or, where it is taken, the wish with digits as people add them."""
        claimed = wish
        for length in (2, 3, 4, 5, 6, 7, 8):
            byte, bit = divmod(crc32(f"{platform}:{claimed.lower()}".encode()) % self._size, 8)
            free = not self._bits[byte] >> bit & 1
            self._bits[byte] |= 1 << bit
            if free:
                return claimed
            claimed = fitted(platform, wish[: _LENGTH[platform][1] - length] + digits(rng, length))
        return claimed
