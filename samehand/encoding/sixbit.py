"""Folded text in six bits a letter, which takes a quarter off the stored names of every banned account.

Folded words consist of 38 characters: lower-case letters, digits, the space and the field separator. The 64
characters of base64 include the letters and digits, so a folded text is valid base64 once its spaces and
separators are written as `+` and `/`. The store keeps it decoded; to read it back is one call in C.
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
    """True if a text is made of nothing but lower-case ASCII letters, digits, spaces and separators."""
    return _PACKABLE.fullmatch(text) is not None


def pack_text(text: str) -> bytes:
    """The text, which must be :func:`packable`, in six bits a letter."""
    signs = text.translate(_WRITTEN)
    size = (6 * len(signs) + 7) // 8
    return a2b_base64(signs + _PADDING * (-len(signs) % 4))[:size]


def unpack_text(packed: bytes) -> str:
    """The text that :func:`pack_text` packed. Raises ``ValueError`` where no text packs to these bytes."""
    signs = b2a_base64(packed + b"\0" * (-len(packed) % 3), newline=False)
    text = signs.rstrip(_PADDING.encode()).translate(_READ).decode("ascii")
    # No packable text holds an upper-case letter: the same test as :func:`packable`, and quicker.
    if (6 * len(text) + 7) // 8 != len(packed) or text != text.lower():
        raise ValueError("the bytes are no text packed in six bits a character")
    return text
