"""Pictures that an operator declares to be nobody's: the platform's default, stock photographs, memes.

Two accounts that show one of them have nothing in common, so an account that shows one is treated as if it
showed no picture. Counts reveal such pictures too, but only once many accounts have been seen with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from samehand.account import Avatar
from samehand.errors import UnusableStock
from samehand.signals.avatar import NEAR_BITS, PDQ_BYTES

# To compare one hash with so many takes about 0.1 ms; an operator's list has some dozens.
STOCK_MAX: Final = 10_000

LINES_LISTED_MAX: Final = 10
"""Bad lines that an error names: a file with more is another kind of list."""

_WORDS: Final = PDQ_BYTES // 8


class StockPictures:
    """A list of hashes; a picture is on it where one of them differs in at most 31 of 256 bits."""

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        """Takes hashes of 32 bytes each."""
        self._words = np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, _WORDS)

    def __len__(self) -> int:
        return len(self._words)

    def shows(self, avatar: Avatar) -> bool:
        """Returns whether a picture, or one of its other views where it was seen, is on the list."""
        if not len(self):
            return False
        views = [pdq for pdq in (avatar.pdq, *avatar.variants) if len(pdq) == PDQ_BYTES]
        return any(
            np.bitwise_count(self._words ^ np.frombuffer(view, np.uint64)).sum(axis=1).min() <= NEAR_BITS
            for view in views
        )


NO_STOCK: Final = StockPictures()


def read_stock(text: str) -> StockPictures:
    """Reads a list: on each line one hash of 64 hexadecimal digits; ``#`` begins a comment.

    Raises:
        UnusableStock: some lines are no hashes, which the message names, or there are more hashes than
            :data:`STOCK_MAX`.
    """
    hashes: dict[bytes, None] = {}
    bad: list[int] = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        given = line.partition("#")[0].strip()
        if not given:
            continue
        try:
            picture_hash = bytes.fromhex(given)
        except ValueError:
            picture_hash = b""
        if len(picture_hash) == PDQ_BYTES and len(given) == 2 * PDQ_BYTES:
            hashes[picture_hash] = None
        else:
            bad.append(number)
        if len(hashes) > STOCK_MAX:
            raise UnusableStock(f"has more than {STOCK_MAX:,} hashes, the most that one list may hold")
    if bad:
        listed = ", ".join(map(str, bad[:LINES_LISTED_MAX])) + (" …" if len(bad) > LINES_LISTED_MAX else "")
        raise UnusableStock(
            f"{'lines' if bad[1:] else 'line'} {listed}: no PDQ hash of {2 * PDQ_BYTES} hexadecimal digits"
        )
    return StockPictures(hashes)
