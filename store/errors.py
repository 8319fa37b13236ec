"""What can go wrong in a store.

::

    StoreError
    ├── StoreUnavailable   cannot be reached, or cannot write now: hold the partition and try again
    │   ├── StoreRefused   it does not let us in, or not to all that we do: an operator has to mend it
    │   ├── StoreMoving    it is being filled from another layout, or was left for one
    │   └── StoreEvicts    it may drop keys of its own accord: what is not found may have been there
    ├── StoreInUse         another prefix must be named, for there is a store under this one
    ├── StoreEmptied       its epoch is gone: it must be rebuilt before anybody says "nothing to report"
    └── StoreMismatch      written with another layout, shard count or fold version than this code reads
"""

from __future__ import annotations

from typing import Literal

Mismatch = Literal["pepper", "sizes", "layout", "folds", "full"]
"""In what a store is another one than this program was told: each has a cure of its own."""


class StoreError(Exception):
    """The root of the family."""


class StoreUnavailable(StoreError):  # says what happened; "error" would add nothing
    """Transient: nothing was lost, nothing may be acknowledged."""


class StoreRefused(StoreUnavailable):  # says what happened; "error" would add nothing
    """Redis refuses the login, or the user lacks a right.

    An outage to who runs already, since whoever changed the user will mend it; at start a fault.
    """


class StoreEvicts(StoreUnavailable):  # says what happened; "error" would add nothing
    """Redis drops keys when it is full, by its `maxmemory-policy`: then a look-up misses without a word.

    To who runs already an outage, until its policy is `noeviction` again; at start a fault.
    """


class StoreMoving(StoreUnavailable):  # says what happened; "error" would add nothing
    """The layout is being filled from another one, or was left for it (`samehand rebuild --into`).

    An outage to workers: it ends once the filling has, or once they are started with the other layout.
    """


class StoreInUse(StoreError):  # says what happened; "error" would add nothing
    """A command would write over, or take away, a store that workers may be working with."""


class StoreEmptied(StoreError):  # says what happened; "error" would add nothing
    """The store was emptied since the first enrolment: `samehand rebuild` refills it."""


class StoreMismatch(StoreError):  # says what happened; "error" would add nothing
    """The store holds another layout or fold version; the message says which and what to run."""

    def __init__(self, message: str, kind: Mismatch = "layout") -> None:
        super().__init__(message)
        self.kind: Mismatch = kind
