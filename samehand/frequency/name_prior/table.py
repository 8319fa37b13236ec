"""Reads the shipped data file: bits of the listed tokens, and of each letter given the letters before it.

The file is compressed plain text; docs/dependencies.md says where its words come from.
"""

from __future__ import annotations

import hashlib
import lzma
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from samehand.normalize.text.fold_table import FOLD_VERSION

COMMONNESS_VERSION: Final = 7
"""Raised whenever any figure changes: scores made under another version do not compare."""

FILE_NAME: Final = "commonness.txt.xz"
# A cost is one printable character: sixth parts of a bit, up to 15.5 bits.
STEPS_PER_BIT: Final = 6
FIRST_CODE: Final = 33
LETTERS_HEAD: Final = "[letters]"
# Tokens of this length and more are found by their first letters; shorter ones may begin anywhere.
HEAD_LENGTH: Final = 4
SHORT_LENGTHS: Final = (2, 3)
TOKEN_LENGTH_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of one version.

    ``tokens``: bits by folded token. ``rows``: by context (the last two or three letters, ``^`` for the
    start), a cost for each of a-z, in units of 1 / :data:`STEPS_PER_BIT` bit. ``lengths``: by the first
    :data:`HEAD_LENGTH` letters of tokens, the lengths of those that begin so (without an entry:
    :data:`SHORT_LENGTHS`), which saves most look-ups.
    """

    tokens: Mapping[str, float]
    rows: Mapping[str, bytes]
    lengths: Mapping[str, tuple[int, ...]]


def parse(text: str) -> Table:
    """The table in the file's text. Raises ``ValueError`` where its versions or its checksum are wrong."""
    head, _, body = text.partition("\n\n")
    fields = dict(line.partition(" ")[::2] for line in head.splitlines())
    if fields.get("version") != str(COMMONNESS_VERSION):
        raise ValueError(
            f"commonness.txt.xz has version {fields.get('version')}; this program reads {COMMONNESS_VERSION}"
        )
    if fields.get("fold") != str(FOLD_VERSION):
        raise ValueError(
            f"commonness.txt.xz was made with fold version {fields.get('fold')}, not {FOLD_VERSION}"
        )
    if fields.get("sha256") != hashlib.sha256(body.encode()).hexdigest():
        raise ValueError("commonness.txt.xz is damaged: it does not match its checksum")
    tokens_text, _, letters_text = body.partition(LETTERS_HEAD + "\n")
    tokens: dict[str, float] = {}
    for line in tokens_text.splitlines()[1:]:
        bits, *words = line.split()
        tokens.update(dict.fromkeys(words, float(bits)))
    lengths: dict[str, set[int]] = defaultdict(set)
    for token in tokens:
        if len(token) >= HEAD_LENGTH:
            lengths[token[:HEAD_LENGTH]].add(len(token))
    code_to_cost = bytes(max(0, code - FIRST_CODE) for code in range(256))
    rows: dict[str, bytes] = {}
    for line in letters_text.splitlines():
        context, _, costs = line.partition(" ")
        rows[context] = costs.encode().translate(code_to_cost)
    return Table(tokens, rows, {head: (*SHORT_LENGTHS, *sorted(longer)) for head, longer in lengths.items()})


@cache
def shipped() -> Table:
    """The table that this version of samehand ships, read at the first call.

    Raises ``ValueError`` as :func:`parse` does.
    """
    packed = files("samehand.frequency.name_prior").joinpath(FILE_NAME).read_bytes()
    return parse(lzma.decompress(packed, format=lzma.FORMAT_XZ).decode("ascii"))
