"""The fold table: how each Unicode character is read, by its looks and by its sound.

Built offline by tools/build_fold_table.py and shipped as data, so that no library's update can change a fold
behind the index's back. ``FOLD_VERSION`` names the table together with the rules of
:mod:`samehand.normal.fold`; raising it means that every fingerprint is made anew.
"""

from __future__ import annotations

import hashlib
import lzma
from importlib import resources

FOLD_VERSION = 1
TABLE_SHA256 = "8e19e60d384f08fd7f972a56cf6bfeab5468c8d60960774574e0b4d83adeecd3"
"""Digest of the unpacked table that belongs to ``FOLD_VERSION``."""

SEPARATOR = " "
# 0 to f as letters: no digit, so that an unknown letter's name is never taken for leet or a number.
_HEX_AS_LETTERS = str.maketrans("0123456789abcdef", "qwertzuiopasdfgh")


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
    """The table as shipped, unpacked: lines of ``start<TAB>reading,reading,…``, phonetic ones marked by `=`."""
    shipped = resources.files("samehand.normal").joinpath("fold_table.txt.xz")
    return lzma.decompress(shipped.read_bytes(), format=lzma.FORMAT_XZ)


def table_digest(table: bytes) -> str:
    """SHA-256 of an unpacked table, in hex."""
    return hashlib.sha256(table).hexdigest()


def parse_table(table: bytes) -> tuple[ReadingTable, ReadingTable]:
    """The visual and the phonetic table."""
    visual, phonetic_only = ReadingTable(), ReadingTable()
    for line in table.decode("ascii").splitlines():
        head, _, values = line.partition("\t")
        target = phonetic_only if head.startswith("=") else visual
        start = int(head.removeprefix("="), 16)
        target.update(enumerate(values.split(","), start))
    phonetic = ReadingTable(visual)
    phonetic.update(phonetic_only)
    return visual, phonetic


VISUAL, PHONETIC = parse_table(packed_table())
