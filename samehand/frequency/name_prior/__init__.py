"""How common a handle or a name is before any account is counted.

Everything here is pure and total: text in, bits out. Bits are surprisal, ``-log2`` of the share of accounts
that bear the token *among the people who use it most*: `fatima` is priced among the people who bear it most,
so that agreement on a common name counts for little in every language alike. Never above :data:`CAP_BITS`: a
name that is on no list is unknown, not impossible. See docs/adr/0006-commonness.md.
"""

from __future__ import annotations

from samehand.frequency.name_prior.decorations import decoration
from samehand.frequency.name_prior.digits import digit_bits
from samehand.frequency.name_prior.scale import CAP_BITS, FLOOR_BITS
from samehand.frequency.name_prior.segmentation import Segment, bits, segments, whole_bits
from samehand.frequency.name_prior.table import COMMONNESS_VERSION

__all__ = [
    "CAP_BITS",
    "COMMONNESS_VERSION",
    "FLOOR_BITS",
    "Segment",
    "bits",
    "decoration",
    "digit_bits",
    "segments",
    "whole_bits",
]
