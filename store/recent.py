"""When the bans enrolled last occurred, which a look-up knows before it reads a record: the reference.

The latest :data:`store.limits.RECENT_BANS` are kept with their moments, in whatever order they are enrolled:
a rebuild takes them as they come. The older half gives way at once, and the latest moment that went is the
*horizon*: whoever is not here was banned no later than that.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Recent:
    """The bans of one shard. Moments are whole Unix seconds, as records keep them."""

    room: int
    horizon: float = 0.0
    undated: bool = False  # whether any ban has no moment
    moments: list[tuple[str, float]] = field(default_factory=list)
    latest: dict[str, float] = field(default_factory=dict)  # of each account among them

    def put(self, account: str, moment: float | None) -> None:
        """Notes a ban."""
        if moment is None:
            self.undated = True
        elif moment > self.horizon:
            self.moments.append((account, moment))
            self.latest[account] = max(moment, self.latest.get(account, moment))
            if len(self.moments) > self.room:
                ordered = sorted(at for _, at in self.moments)
                self.horizon = ordered[(len(ordered) + 1) // 2 - 1]
                self.moments = [one for one in self.moments if one[1] > self.horizon]
                # In rising order, so that the latest of an account stays.
                self.latest = dict(sorted(self.moments, key=lambda one: one[1]))

    def newest(self, account: str) -> tuple[float, bool]:
        """The latest moment that an account's ban can have, and whether it may have none.

        What is here may be of a former ban of the account, and the later one without a moment or too old.
        """
        return max(self.horizon, self.latest.get(account, self.horizon)), self.undated
