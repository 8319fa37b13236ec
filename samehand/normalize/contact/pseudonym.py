"""Puts a keyed digest in the place of the addresses and numbers within a handle or a name.

Handles and names are kept as they read, and compared letter by letter. What redaction masks in them must be
neither kept nor quoted, only found to be equal or different: so it is kept as a number that the pepper alone
can make, which the fold reads, weighs and keys as it does any other number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby, pairwise
from typing import Final

from samehand.normalize.contact.redact import as_seen, personal_spans

Keyer = Callable[[str, bytes], bytes]

_DOMAIN: Final = "words"
_BLOCK_DOMAIN: Final = "words-block"
# As many digits as the number has, up to those of E.164, so that it weighs what it weighed; of an address a
# trillion. Redaction masks either, as it does what it stands for.
_NUMBER_DIGITS_MAX: Final = 15
_ADDRESS_DIGITS: Final = 12
# Many people choose a number that repeats a few digits or counts (1234567): four random digits are worth as
# much.
_COUNTING_DIGITS: Final = 4
_SIGNS: Final = re.compile(r"[\s@_.()+-]+")  # other signs may stand for letters
# Digits after a number's block, as of phone numbers: who counts up keeps the block.
_LAST_DIGITS: Final = 2


def pseudonymous(text: str, keyer: Keyer) -> str:
    """The text with digits for each part that redaction would mask; the same digits for the same part.

    Parts are the same whatever signs and spaces stand in them. ``keyer`` makes digests under a pepper.
    Nothing is left of a text that is a mere pattern of digits (`1234567890`), since it singles nobody out.
    """
    if not any(map(str.isalpha, text)) and _is_pattern(_SIGNS.sub("", as_seen(text))):
        return ""
    parts: list[str] = []
    done = 0
    for start, end in personal_spans(text):
        plain = "".join(filter(str.isalnum, as_seen(text[start:end]).casefold()))
        if not plain.isdecimal():
            digits = _digits(_DOMAIN, plain, keyer, _ADDRESS_DIGITS)
        elif _is_pattern(plain):
            digits = _digits(_DOMAIN, plain, keyer, _COUNTING_DIGITS)
        else:
            block, last = plain[:-_LAST_DIGITS], plain[-_LAST_DIGITS:]
            digits = _digits(_DOMAIN, block, keyer, min(len(block), _NUMBER_DIGITS_MAX - _LAST_DIGITS))
            # Shifted by a secret of the block, so that no two numbers of it become one.
            shift = int(_digits(_BLOCK_DOMAIN, block, keyer, _LAST_DIGITS))
            digits += f"{(int(last) + shift) % 10**_LAST_DIGITS:0{_LAST_DIGITS}d}"
        parts += (text[done:start], digits)
        done = end
    return "".join((*parts, text[done:]))


def _is_pattern(plain: str) -> bool:
    """Whether digits repeat up to three of them, or count: by equal steps or up and down, from nine to zero.

    A digit in a row counts once (`1122334455`).
    """
    block = plain[: (plain * 2).find(plain, 1)]
    once = [ord(digit) for digit, _ in groupby(block)]
    steps = {(later - former) % 10 for former, later in pairwise(once)}
    return plain.isdecimal() and (len(block) <= min(3, len(plain) - 1) or len(steps) <= 1 or steps <= {1, 9})


def _digits(domain: str, value: str, keyer: Keyer, count: int) -> str:
    number = int.from_bytes(keyer(domain, value.encode("utf-8", "surrogatepass")), "big")
    return f"{number % 10**count:0{count}d}"
