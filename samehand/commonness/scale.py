"""The ends of the scale, and what it costs to put pieces together."""

from __future__ import annotations

import math

# Beyond this a list-less model only says "I do not know this one". Uncapped, the letters of a rare real surname
# alarmed alone; 21.5 bits (one in three million) still cannot name one account among a million without help.
CAP_BITS = 21.5

# Nothing non-empty is borne by more than one account in eight: one letter, or a bare "the", says next to nothing.
FLOOR_BITS = 3.0

# Two words stand side by side in about half of all handles, in one of two orders.
JOIN_BITS = 1.0

# An account bears a word that no list knows about every second time.
UNLISTED_BITS = 1.0

# No text of n letters is rarer than n letters drawn at random: keeps `abc` and initials common.
LETTER_BITS = math.log2(26)
