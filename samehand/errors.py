"""What can go wrong in the mind.

::

    MindError
    ├── UnreadableFingerprint   a stored record is of another version, or is damaged
    └── UnusableWeights         a weights file lacks a row, or a number is out of its range

Bad input from people is never one of these: any text folds to something or to ``None``.
"""

from __future__ import annotations


class MindError(Exception):
    """The root of the family."""


class UnreadableFingerprint(MindError, ValueError):
    """A stored fingerprint cannot be read by this version."""


class UnusableWeights(MindError, ValueError):
    """A table of weights is incomplete or out of range."""
