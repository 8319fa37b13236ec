"""The result of comparing two traits."""

from __future__ import annotations

import msgspec


class Comparison(msgspec.Struct, frozen=True, gc=False):
    """What one comparison saw. A struct, since every pair makes a dozen and a data class takes longer.

    ``level`` names a row of the weights table. ``rate`` is the share (0 to 1] of unrelated accounts that
    would show this level with this value, or ``None`` where the table's own figure is used. ``because``
    is the sentence that the moderator reads. ``crowd`` is how many accounts were counted with the value
    (0 where nobody counted): when it takes weight away, that is shown as counter-evidence.
    ``rate_unshared`` is what the rate would have been if nobody else had been counted with it.
    ``also`` are laxer findings that hold as well: whichever weighs most counts, so that to agree more closely
    never weighs less.
    """

    level: str
    because: str
    rate: float | None = None
    crowd: int = 0
    rate_unshared: float | None = None
    also: tuple[Comparison, ...] = ()
