"""Whether both accounts are on one platform."""

from __future__ import annotations

from typing import Final

from samehand.signals.base import Levels
from samehand.signals.finding import Finding
from samehand.signals.sight import Sight
from samehand.watchlist.platforms import is_list

_ANOTHER: Final = Finding("another", "The banned account was on another platform.")


class PlatformCircumstance:
    """The banned account was on another platform."""

    name = "platform"
    ends: tuple[float, ...] = ()

    def consider(self, sight: Sight) -> Finding | None:
        """A small counter-weight across platforms: the same name elsewhere is more often somebody else."""
        ours, theirs = sight.platforms
        if ours == theirs or is_list(theirs):  # a listed organisation is on no platform, so on no other
            return None
        return _ANOTHER

    def most(self, table: Levels, since: float) -> float:
        """Most are on one platform, where it says nothing."""
        return max(0.0, table.as_shipped["another"])


PLATFORM: Final = PlatformCircumstance()
