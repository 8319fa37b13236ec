"""Limits on how much of an account is read, which bound the work that one account may cause.

What a field's limit in the schema admits costs little where it is written in good faith, and up to a thousand
times as much where it is not. So each cap counts what costs: characters once compatibility forms are written
out and letters are read (one character may become eighteen), and candidates that a library must judge. What
lies beyond is not read, and :mod:`samehand.fingerprint.unread` names the fields of which that holds.
"""

from __future__ import annotations

from typing import Final

# Letters that a handle or a display name is read as. The longest handle that a large platform grants has 63
# characters, and a name's hundred ideographs read as 600 letters.
NAME_READ_CHARS: Final = 1_024
# Words of a handle that are kept: one of 63 characters has no more.
HANDLE_WORDS: Final = 32

# Characters of a bio. No large platform's profile is longer in earnest but LinkedIn's (2,600).
BIO_CHARS: Final = 2_000
# Characters at a longer bio's end in which contact points are looked for as well: who wants to be reached
# says so at the beginning or at the end.
BIO_END_CHARS: Final = 1_000
# Letters that a bio is read as. 2,000 characters of an alphabet are as many letters, of ideographs 700.
BIO_READ_CHARS: Final = 4_000

# Characters of one link: what browsers accept as an address.
LINK_CHARS: Final = 2_048
# Characters of all links together that are no address and have to be read as text.
LINK_TEXT_CHARS: Final = 2_000

# An account keeps eight contact points. What looks like one beyond twice as many is a date, a price or a
# decoy. A number costs the most, some 80 µs; a page or a mailbox 20, a mention two. Bio and links have a
# budget each, lest one hide the other.
NUMBERS_JUDGED: Final = 16
MAILBOXES_JUDGED: Final = 16
PAGES_JUDGED: Final = 32
MENTIONS_JUDGED: Final = 32
