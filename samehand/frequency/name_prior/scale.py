"""The ends of the scale, and what it costs to put pieces together."""

from __future__ import annotations

import math
from typing import Final

# Beyond this a model without counts only says "I do not know this one". Uncapped, the letters of a rare
# real surname alarmed alone; 21.5 bits (one in three million) cannot name one account among a million
# without help.
CAP_BITS: Final = 21.5

# Nothing is borne by more than one account in eight: a letter, or a bare "the", says next to nothing.
FLOOR_BITS: Final = 3.0

# Assumed: two words stand side by side in about half of all handles, in one of two orders.
JOIN_BITS: Final = 1.0

# Assumed: about every second account bears a word that no list knows: one bit. But the letters were learnt
# from some twenty languages at once, and within its own a word is less surprising than in the mixture: two
# bits less.
UNLISTED_BITS: Final = -1.0

# A borne word is the whole handle only if it stands in the handle and not just in the display name (one
# bit), and if nothing but digits stands beside it (taken as one account in eight). Chosen, not fitted;
# against ordinary handles it errs towards calling a handle common (docs/adr/0006-commonness.md).
WHOLE_BITS: Final = 4.0

# No text of n letters is rarer than n letters drawn at random: keeps `abc` and initials common.
LETTER_BITS: Final = math.log2(26)
