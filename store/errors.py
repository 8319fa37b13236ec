"""What can go wrong in a store.

::

    StoreError
    ├── StoreUnavailable   cannot be reached, or cannot write now: hold the partition and try again
    │   ├── StoreRefused   it refuses our login or one of our commands: an operator has to mend it
    │   ├── StoreMoving    it is being filled from another layout, or was left for one
    │   └── StoreEvicts    it may drop keys by itself: what a look-up misses may have been there
    ├── StoreInUse         there is a store under this prefix already: name another one
    ├── StoreEmptied       its epoch is gone: rebuild it before any event counts as "nothing to report"
    └── StoreMismatch      written with another layout, shard count or fold version than this code reads
"""

from __future__ import annotations

from typing import Literal

Mismatch = Literal["pepper", "sizes", "layout", "folds"]
"""In which respect a store differs from what this program expects: each has its own remedy."""


class StoreError(Exception):
    """The base class of all errors of a store."""


class StoreUnavailable(StoreError):  # says what happened; "error" would add nothing
    """Transient: nothing was lost; acknowledge nothing, and try again."""


class StoreRefused(StoreUnavailable):  # says what happened; "error" would add nothing
    """Redis refuses the login, or the user lacks a right.

    A running process treats it as an outage, since the administrator who changed the user will mend it; a
    starting one fails.
    """


class StoreEvicts(StoreUnavailable):  # says what happened; "error" would add nothing
    """Redis drops keys when it is full, by its `maxmemory-policy`: look-ups then miss bans silently.

    A running process treats it as an outage until the policy is `noeviction` again; a starting one fails.
    """


class StoreMoving(StoreUnavailable):  # says what happened; "error" would add nothing
    """The layout is being filled from another one, or was left for it (`samehand rebuild --into`).

    Workers treat it as an outage: it ends when the filling does, or when they start with the other layout.
    """


class StoreInUse(StoreError):  # says what happened; "error" would add nothing
    """A command would overwrite or delete a store that workers may be using."""


class StoreEmptied(StoreError):  # says what happened; "error" would add nothing
    """The store was emptied after the first enrolment: `samehand rebuild` refills it."""


class StoreMismatch(StoreError):  # says what happened; "error" would add nothing
    """The store holds another layout or fold version; the message says which and what to run."""

    def __init__(self, message: str, kind: Mismatch = "layout") -> None:
        super().__init__(message)
        self.kind: Mismatch = kind
