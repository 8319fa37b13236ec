"""What can go wrong in the mind.

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
    """So few pairs of a kind were judged that nothing can be learned."""

    def __init__(self, mirrors: int, others: int, needed: int) -> None:
        """Takes how many there are of each kind, and how many there should be."""
        super().__init__(
            f"{mirrors} mirrors and {others} others were judged blind; {needed} of each are needed"
        )
        self.mirrors, self.others, self.needed = mirrors, others, needed


class UnreadableFingerprint(MindError, ValueError):
    """A stored fingerprint cannot be read by this version."""


class UnusableStock(MindError, ValueError):
    """A list of stock pictures cannot be read."""


class UnusableWeights(MindError, ValueError):
    """A table of weights is incomplete or out of range."""
