"""The fold table: how each Unicode character is read, by its looks and by its sound.

Built offline by tools/build_fold_table.py and shipped as data, so that no library's update can change a fold
behind the index's back. ``FOLD_VERSION`` names the table together with the rules of
:mod:`samehand.normalize.text.fold`; raising it means that every fingerprint is made anew.
"""

from __future__ import annotations

import hashlib
import lzma
from importlib import resources
from typing import Final

FOLD_VERSION: Final = 3
TABLE_SHA256: Final = "b9a7d0fd74626b193839b2fef789dfb2f96b784b4b6fb51bdd1f9f3c17874ee2"
"""Digest of the unpacked table that belongs to ``FOLD_VERSION``."""

SEPARATOR: Final = " "
# 0 to f as letters: no digit, so that an unknown letter's name is never taken for leet or a number.
_HEX_AS_LETTERS: Final = str.maketrans("0123456789abcdef", "qwertzuiopasdfgh")


class ReadingTable(dict[int, str]):
    """A table for ``str.translate`` that also answers for characters it does not list.

    A listed character reads as its entry. An unlisted letter (a rare ideograph, a script newer than the
    table) reads as a word made of its code point, so that it stays itself instead of vanishing; anything else
    divides words. Nothing is remembered for unlisted characters: there are a million of them, and an attacker
    could send them all.
    """

    def __missing__(self, code: int) -> str:
        """The reading of an unlisted character."""
        char = chr(code)
        if code < 0x80:
            return char.lower()
        return f"x{code:x}".translate(_HEX_AS_LETTERS) if char.isalnum() else SEPARATOR


def packed_table() -> bytes:
    """The table as shipped, unpacked: lines of ``start<TAB>reading,reading,…``.

    A line of phonetic readings starts with `=`, one of other readings by looks with `~`, and one of readings
    by looks with neither.
    """
    shipped = resources.files("samehand.normalize.text").joinpath("fold_table.txt.xz")
    return lzma.decompress(shipped.read_bytes(), format=lzma.FORMAT_XZ)


def table_digest(table: bytes) -> str:
    """SHA-256 of an unpacked table, in hex."""
    return hashlib.sha256(table).hexdigest()


def parse_table(table: bytes) -> tuple[ReadingTable, ReadingTable, dict[int, str]]:
    """The visual and the phonetic table, and the letters read as i by looks that could be an l."""
    parts: dict[str, dict[int, str]] = {"": {}, "=": {}, "~": {}}
    for line in table.decode("ascii").splitlines():
        head, _, values = line.partition("\t")
        mark = head[0] if head[0] in parts else ""
        parts[mark].update(enumerate(values.split(","), int(head.removeprefix(mark), 16)))
    return ReadingTable(parts[""]), ReadingTable(parts[""] | parts["="]), parts["~"]


VISUAL, PHONETIC, EITHER_L = parse_table(packed_table())
