"""A counted share with its interval: precision, recall, false alarms."""

from __future__ import annotations

from dataclasses import dataclass

from samehand.scoring.intervals import wilson


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
