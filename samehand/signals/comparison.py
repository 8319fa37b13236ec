"""The result of comparing two traits."""

from __future__ import annotations

from typing import Final

import msgspec

COMMON: Final = 5e-4
"""A value that one account in two thousand shows is a circumstance as well, be it a name or a device."""


class Comparison(msgspec.Struct, frozen=True, gc=False):
    """What one comparison found. A struct, since every pair makes a dozen and a data class takes longer.

    ``level`` names a row of the table of weights. ``rate`` is the share (0 to 1] of unrelated accounts that
    would show this level with this value, or ``None`` where the table's own figure is used. ``crowd`` is how
    many accounts were counted with the value (0 without counts); the weight that a crowd takes away is shown
    as counter-evidence. ``rate_unshared`` is what the rate would be if nobody else had been counted with the
    value. ``also`` are laxer comparisons that hold as well: whichever weighs most counts, so that closer
    agreement never weighs less. ``because`` is a sentence that says more than the level's own, or empty.
    ``stale_days``: so long before its account's moment one of the values was last seen.
    """

    level: str
    rate: float | None = None
    crowd: int = 0
    rate_unshared: float | None = None
    also: tuple[Comparison, ...] = ()
    because: str = ""
    stale_days: int = 0
