"""The bounds of the scale of bits, and what it costs (bits) to join pieces."""

from __future__ import annotations

import math
from typing import Final

# A model without counts cannot tell how rare a name is beyond this. Uncapped, the letters of a rare real
# surname raised an alert alone; 21.5 bits (one in three million) cannot single out one account among a
# million without other evidence.
CAP_BITS: Final = 21.5

# No token is taken to be borne by more than one account in eight: a letter, or "the", says next to nothing.
FLOOR_BITS: Final = 3.0

# Assumed: two words stand side by side in about half of all handles, in one of two orders.
JOIN_BITS: Final = 1.0

# Assumed: about every second account bears a word that is on no list, which costs one bit. But the letters
# were learnt from some twenty languages at once, and a word is less surprising within its own language than
# in the mixture: two bits less.
UNLISTED_BITS: Final = -1.0

# A word that an account bears is its whole handle only if it stands in the handle and not just in the display
# name (one bit), and if nothing but digits stands beside it (assumed: one account in eight, three bits).
# Chosen, not fitted; for ordinary handles it errs towards calling a handle common
# (docs/adr/0006-commonness.md).
WHOLE_BITS: Final = 4.0

# No text of n letters is rarer than n letters drawn at random, which keeps `abc` and initials common.
LETTER_BITS: Final = math.log2(26)
