"""Takes addresses and numbers out of public words before they are quoted or kept.

People write their e-mail address or phone number into names and handles. An alert quotes the words, and
nobody needs the number to judge them.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "•••"

_EMAIL: Final = re.compile(r"(?<![^\s@<>()])[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+")
# Seven digits or more, however they are grouped: the shortest phone numbers that are dialled in full.
_NUMBER: Final = re.compile(r"\+?\d(?:[\s().\-]{0,2}\d){6,}")
_ADDRESS: Final = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){3,7}\b")


def redacted(text: str) -> str:
    """The text with e-mail addresses, internet addresses and long numbers masked."""
    if not any(letter.isdigit() or letter == "@" for letter in text):
        return text
    for pattern in (_EMAIL, _ADDRESS, _NUMBER):
        text = pattern.sub(MASK, text)
    return text
