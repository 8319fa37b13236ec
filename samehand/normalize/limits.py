"""Limits on how much of an account is read, which bound the work that one account may cause.

A field within the schema's limit costs little if it was written in good faith, and up to a thousand times as
much if not. So each cap counts what costs time: characters once compatibility forms are written out and
letters are transliterated (one character may become eighteen), and candidates that a library must judge. The
rest is not read, and :mod:`samehand.fingerprint.distil` names the fields that were not read whole.
"""

from __future__ import annotations

from typing import Final

# Letters of a handle or a display name once it is transliterated. The longest handle that a large platform
# grants has 63 characters, and a name of a hundred ideographs is read as 600 letters.
NAME_READ_CHARS: Final = 1_024
# Words of a handle that are kept: one of 63 characters has no more.
HANDLE_WORDS: Final = 32

# Characters of a bio. Of large platforms only LinkedIn's are longer in practice (2,600).
BIO_CHARS: Final = 2_000
# Characters at the end of a longer bio in which contact points are searched as well: people give them at the
# beginning or at the end.
BIO_END_CHARS: Final = 1_000
# Letters of a bio once it is transliterated: as many as 2,000 characters of an alphabet, or 700 ideographs,
# are read as.
BIO_READ_CHARS: Final = 4_000

# Characters of one link: what browsers accept as an address.
LINK_CHARS: Final = 2_048
# Characters of all links together that are no address and must be read as text.
LINK_TEXT_CHARS: Final = 2_000

# An account keeps eight contact points. Candidates beyond twice as many are dates, prices or decoys. A phone
# number costs the most, some 80 µs; a page or a mailbox 20 µs, a mention 2 µs. Bio and links have a budget
# each, lest one use up the other's.
NUMBERS_JUDGED: Final = 16
MAILBOXES_JUDGED: Final = 16
PAGES_JUDGED: Final = 32
MENTIONS_JUDGED: Final = 32
WALLETS_JUDGED: Final = 16
