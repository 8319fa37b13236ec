"""Whether both accounts are on one platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from samehand.signals.base import PairSignalBase, Traits
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext
from samehand.watchlist.platforms import is_list

_ANOTHER: Final = Comparison("another")


class PlatformSignal(PairSignalBase):
    """The banned account was on another platform."""

    name = "platform"
    sentences: Mapping[str, str] = {"another": "The banned account was on another platform."}

    def between(self, ours: Traits, theirs: Traits, context: ComparisonContext) -> Comparison | None:
        """The level `another` across platforms, where the same name more often belongs to somebody else."""
        mine, other = context.platforms
        if mine == other or is_list(other):  # a listed organisation is on no platform
            return None
        return _ANOTHER


PLATFORM: Final = PlatformSignal()
