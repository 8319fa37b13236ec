"""Exceptions of the package `samehand`.

::

    MindError
    ├── TooFewLabels            verdicts say too little to learn from
    ├── UnreadableFingerprint   a stored record is of another version, or is damaged
    ├── UnusableStock           a list of stock pictures has a line that is no hash
    └── UnusableWeights         a weights file lacks a row, or a number is out of its range

Bad input from people is never one of these: any text folds to something or to ``None``.
"""

from __future__ import annotations


class MindError(Exception):
    """The root of the family."""


class TooFewLabels(MindError):
    """Too few mirrors or too few others were judged to learn from; the message says how many it takes."""


class UnreadableFingerprint(MindError, ValueError):
    """A stored fingerprint cannot be read by this version."""


class UnusableStock(MindError, ValueError):
    """A list of stock pictures cannot be read."""


class UnusableWeights(MindError, ValueError):
    """A table of weights is incomplete or out of range."""
