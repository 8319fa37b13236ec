"""Profiles that call another account their own: `backup of @umar_media`, `old account @umar_media`.

Only words that claim an account count, and only next to the account that is named: a text that merely names a
banned account may follow or report it, and `former @club player` names an employer.
"""

from __future__ import annotations

import re
from typing import Final

from samehand.normalize.text.everyday import words_of

# With these words `backup` means a person on stage or on the bench, not a second account.
_BEHINDS: Final = frozenset(
    (
        *("singer", "singers", "dancer", "dancers", "vocal", "vocals", "vocalist"),
        *("quarterback", "goalkeeper", "keeper"),
    )
)
# Chinese and Korean words that say both "old" or "backup" and "account", and stand without spaces.
_RUN_ON: Final = re.compile("原号|旧号|老号|前号|备用|小号|백업|부계정|이전계정")
_NEAR: Final = 40  # characters on either side: a short sentence


# Words for a second account, whether the writer's or the named one.
_SPARES: Final = frozenset((*words_of("backup"), "البديلة", "بديلة", "الاحتياطية", "بیک"))
# Words for a former account, if a word for an account stands there too. That an account was banned is no
# claim: its critics say so as well.
_OLDS: Final = frozenset(words_of("old", "new"))
# Words that say by themselves that the account named beside them was the writer's.
_FORMERLY: Final = frozenset(
    (
        "formerly",
        "previously",
        "antes",
        "anteriormente",
        "бывший",
        "бывшая",
        "ранее",
        "سابقا",
        "سابقاً",
        "anciennement",
    )
)
_ACCOUNTS: Final = frozenset(words_of("account", "page", "channel")) | {"id"}


def claims(text: str, start: int, end: int) -> bool:
    """Whether the words around ``text[start:end]`` say that the account named there is the writer's own."""
    before, after = text[max(0, start - _NEAR) : start].lower(), text[end : end + _NEAR].lower()
    several = [word.strip(".,:;|()[]!") for word in before.split()]
    words = {*several, *(word.strip(".,:;|()[]!") for word in after.split())}
    if (words & _SPARES and not words & _BEHINDS) or _RUN_ON.search(f"{before} {after}"):
        return True
    return not _FORMERLY.isdisjoint(several[-1:]) or bool(words & _OLDS and words & _ACCOUNTS)
