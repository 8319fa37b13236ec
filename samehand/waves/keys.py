"""The values by which new accounts notice each other: few for each account, since every sign-up notes them.

Two kinds must agree, one of them neither a network nor a moment: a campaign's link, or a carrier's address
by itself, brings thousands of strangers together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from samehand.elapsed import DAY_SECONDS
from samehand.keys import Key, KeyKind

WINDOW_SECONDS: Final = DAY_SECONDS
"""New accounts further apart do not notice each other. Scripts that sign up at once are done within hours."""

OTHERS_MIN: Final = 4
"""With so many others an account makes a wave. Families and friends who sign up together are two or three."""

NETWORK: Final = 0
"""The group of networks."""

# By kind: the group, and how many keys of the kind an account notes. Kinds of one group say one thing: a name
# spelt in the handle and shown beside it is one fact. A text that was edited keeps some of its first bands, a
# picture some of its blocks: three of them miss one in twelve of the texts of which a tenth was changed.
_NOTED: Final = {
    KeyKind.PREFIX: (NETWORK, 1),
    KeyKind.HANDLE_WORD: (1, 1),
    KeyKind.NAME_TOKENS: (1, 1),
    KeyKind.EMAIL_PART: (2, 2),
    KeyKind.PHONE_BLOCK: (3, 1),
    KeyKind.DEVICE: (4, 1),
    KeyKind.PAYMENT: (5, 1),
    KeyKind.CONTACT: (6, 2),
    KeyKind.REFERRER: (7, 1),
    KeyKind.BIO_BAND: (8, 3),
    KeyKind.AVATAR_BLOCK: (9, 3),
}
_GROUPS: Final = {int(kind): group for kind, (group, _) in _NOTED.items()}
_MOST: Final = {int(kind): most for kind, (_, most) in _NOTED.items()}


class NotedKey(NamedTuple):
    """A key that a new account notes, and its group: keys of one group say one thing."""

    key: Key
    group: int


def noted_keys(keys: Iterable[Key]) -> list[NotedKey]:
    """Returns those of an account's index keys that it notes, networks last."""
    taken = dict.fromkeys(_MOST, 0)
    noted = list[NotedKey]()
    networks = list[NotedKey]()
    for key in keys:
        kind = key[0]
        group = _GROUPS.get(kind, -1)
        if group >= 0 and taken[kind] < _MOST[kind]:
            taken[kind] += 1
            (noted if group != NETWORK else networks).append(NotedKey(key, group))
    return [*noted, *networks]
