"""How candidates are ranked and cut, the same in every store."""

from __future__ import annotations

import math

# Rarity is summed in whole 1/1024 bits: integer sums are the same in whatever order keys come, so that
# two stores never cut a tie differently for the last digit of a float.
STEPS_A_BIT = 1024


def rarity_steps(total: int, length: int) -> int:
    """log2(N / posting length) in 1/1024 bits, never negative; ``length`` is at least 1."""
    return max(0, round(math.log2(max(total, 1) / length) * STEPS_A_BIT))
