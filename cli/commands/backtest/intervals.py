"""How sure a measured share is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samehand.scoring.intervals import wilson

_DRAWS = 2_000
_SEED = 20_261_124  # the same counts have the same interval


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``of``, with the 95 % interval of Wilson (1927), which holds for few cases too."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper bound, or ``None`` of nothing."""
        estimate = wilson(self.hits, self.of)
        return None if estimate is None else (estimate.low, estimate.high)

    def as_json(self, times: int = 1) -> dict[str, object]:
        """For JSON: the share and its interval, per ``times``."""
        interval = self.interval
        return {
            "hits": self.hits,
            "of": self.of,
            "value": None if self.value is None else round(self.value * times, 4),
            "interval": None if interval is None else [round(bound * times, 4) for bound in interval],
        }


def ratio_interval(groups: Sequence[tuple[int, int]]) -> list[float] | None:
    """The 95 % interval of the worst group's share over the share of all, by parametric bootstrap.

    ``groups`` are (hits, of). Chance alone makes some group the worst, so that of perfectly even groups the
    interval lies above 1. ``None`` where nothing was hit.
    """
    hits = np.array([hits for hits, _ in groups])
    of = np.array([of for _, of in groups])
    if not hits.sum():
        return None
    random = np.random.Generator(np.random.PCG64(_SEED))
    drawn = random.binomial(of, hits / np.maximum(of, 1), size=(_DRAWS, len(groups)))
    mean = np.maximum(drawn.sum(axis=1), 1) / of.sum()
    ratios = (drawn / np.maximum(of, 1)).max(axis=1) / mean
    return [round(float(bound), 4) for bound in np.quantile(ratios, (0.025, 0.975))]
