"""Accounts of files, distilled to what a store remembers."""

from __future__ import annotations

from collections.abc import Sequence

from agents.common.converters import Keyers, remembered_of
from samehand.pictures.stock import NO_STOCK, StockPictures
from schemas.accounts import AccountEvent
from store.base import Remembered
from streams.outcomes import Arrival, Dead, contained


def remembered(
    events: Sequence[AccountEvent], keyers: Keyers, stock: StockPictures = NO_STOCK
) -> list[Remembered | Dead]:
    """Each account as a store remembers it; one on which our own logic fails is a fault, not the end."""
    return [_one(event, keyers, stock) for event in events]


def _one(event: AccountEvent, keyers: Keyers, stock: StockPictures) -> Remembered | Dead:
    return contained(lambda _: remembered_of(event, keyers, stock), Arrival("", 0, 0, None, None))
