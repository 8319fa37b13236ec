"""The fold table: how each Unicode character is read, by its looks and by its sound.

Built offline (docs/dependencies.md says from what) and shipped as data, so that no update of a library
changes a fold while an index holds the former one. ``FOLD_VERSION`` names the table together with the rules
of :mod:`samehand.normalize.text.fold`; to raise it means to distil every fingerprint again.
"""

from __future__ import annotations

import hashlib
import lzma
from importlib import resources
from typing import Final

FOLD_VERSION: Final = 4
TABLE_SHA256: Final = "b9a7d0fd74626b193839b2fef789dfb2f96b784b4b6fb51bdd1f9f3c17874ee2"
"""Digest of the unpacked table that belongs to ``FOLD_VERSION``."""

SEPARATOR: Final = " "
# 0 to f as letters: without digits an unknown letter's code is never taken for leet or a number.
_HEX_AS_LETTERS: Final = str.maketrans("0123456789abcdef", "qwertzuiopasdfgh")


class ReadingTable(dict[int, str]):
    """A table for ``str.translate`` that also answers for characters it does not list.

    A listed character reads as its entry. An unlisted letter (a rare ideograph, a script newer than the
    table) reads as a word made of its code point, so that it stays distinct; any other character separates
    words. Readings of unlisted characters are not cached: there are a million of them, and an attacker could
    send them all.
    """

    def __missing__(self, code: int) -> str:
        """The reading of an unlisted character."""
        char = chr(code)
        if code < 0x80:
            return char.lower()
        return f"x{code:x}".translate(_HEX_AS_LETTERS) if char.isalnum() else SEPARATOR


def packed_table() -> bytes:
    """The shipped table, decompressed: lines of ``start<TAB>reading,reading,…``.

    A line of visual readings starts with no sign, one of other visual readings with `~`, and one of phonetic
    readings with `=`.
    """
    shipped = resources.files("samehand.normalize.text").joinpath("fold_table.txt.xz")
    return lzma.decompress(shipped.read_bytes(), format=lzma.FORMAT_XZ)


def table_digest(table: bytes) -> str:
    """SHA-256 of an unpacked table, in hex."""
    return hashlib.sha256(table).hexdigest()


def parse_table(table: bytes) -> tuple[ReadingTable, ReadingTable, dict[int, str]]:
    """The visual table, the phonetic table, and the characters read as i that may look like an l."""
    parts: dict[str, dict[int, str]] = {"": {}, "=": {}, "~": {}}
    for line in table.decode("ascii").splitlines():
        head, _, values = line.partition("\t")
        mark = head[0] if head[0] in parts else ""
        parts[mark].update(enumerate(values.split(","), int(head.removeprefix(mark), 16)))
    return ReadingTable(parts[""]), ReadingTable(parts[""] | parts["="]), parts["~"]


VISUAL, PHONETIC, EITHER_L = parse_table(packed_table())
