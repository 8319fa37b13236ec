"""What can go wrong in a store.

::

    StoreError
    ├── StoreUnavailable   cannot be reached, or cannot write now: hold the partition and try again
    ├── StoreEmptied       its epoch is gone: it must be rebuilt before anybody says "nothing to report"
    └── StoreMismatch      written with another layout, shard count or fold version than this code reads
"""

from __future__ import annotations


class StoreError(Exception):
    """The root of the family."""


class StoreUnavailable(StoreError):  # says what happened; "error" would add nothing
    """Transient: nothing was lost, nothing may be acknowledged."""


class StoreEmptied(StoreError):  # says what happened; "error" would add nothing
    """The store was emptied since the first enrolment: `samehand rebuild` refills it."""


class StoreMismatch(StoreError):  # says what happened; "error" would add nothing
    """The store holds another layout or fold version; the message says which and what to run."""
