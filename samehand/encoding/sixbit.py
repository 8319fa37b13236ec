"""Folded text in six bits a letter: a quarter less to keep of every banned account's names.

Folded words are lower-case letters, digits, spaces and field separators: 38 signs. Base64 knows 64,
lower-case letters and digits among them, so such a text is base64 once its spaces and separators are
written as the two signs that are left. It is kept decoded; reading it back is one call in C.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, b2a_base64
from typing import Final

SEPARATOR: Final = "\x1f"

_PACKABLE: Final = re.compile(rf"[a-z0-9 {SEPARATOR}]*")
_PADDING: Final = "A"  # six zero bits; no folded text holds an upper-case letter
_WRITTEN: Final = str.maketrans(f" {SEPARATOR}", "+/")
_READ: Final = bytes.maketrans(b"+/", f" {SEPARATOR}".encode())


def packable(text: str) -> bool:
    """Whether a text is made of nothing but lower-case ASCII letters, digits, spaces and separators."""
    return _PACKABLE.fullmatch(text) is not None


def pack_text(text: str) -> bytes:
    """Six bits a letter of a text that is :func:`packable`."""
    signs = text.translate(_WRITTEN)
    size = (6 * len(signs) + 7) // 8
    return a2b_base64(signs + _PADDING * (-len(signs) % 4))[:size]


def unpack_text(packed: bytes) -> str:
    """The text that was packed. Raises ``ValueError`` where no text is packed so."""
    signs = b2a_base64(packed + b"\0" * (-len(packed) % 3), newline=False)
    text = signs.rstrip(_PADDING.encode()).translate(_READ).decode("ascii")
    # Of the signs of base64 those in upper case stand for nothing: :func:`packable`, told sooner.
    if (6 * len(text) + 7) // 8 != len(packed) or text != text.lower():
        raise ValueError("not a text of six bits a letter")
    return text
