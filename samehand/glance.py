"""What is looked for in the records that one account meets."""

from __future__ import annotations

import msgspec

from samehand.most import Most
from samehand.signals.crossing import Names


class Glance(msgspec.Struct, frozen=True):
    """What is looked for in the records that one account meets.

    ``digests``: bytes of which a record that may agree shows some. ``pictures`` and ``bio`` are read as
    numbers. ``telling`` are the codes of the account's identifying traits, ``unread`` those of traits of
    which any may agree; ``anything_else`` is whether there are any, or a mention or disposable mailbox, which
    agree without a digest in common. ``names`` and ``most`` tell what nothing else could.
    """

    at: float | None
    names: Names
    most: Most
    digests: tuple[bytes, ...]
    pictures: tuple[int, ...]
    bio: int | None
    anything_else: bool
    disposable: bool
    mentions: bool
    listed: bool
    telling: frozenset[int]
    unread: tuple[int, ...]
