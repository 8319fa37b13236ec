"""What the overview needs of a worker's metrics, read once for each look."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from streams.telemetry.metrics import FRESH_SECONDS

Labels = frozenset[tuple[str, str]]
Buckets = tuple[tuple[float, float], ...]
"""Of a histogram, summed over its labels: (upper edge, count at or below it), ascending."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All samples of one look. `at` in Unix seconds; counters count since the process started.

    `unready` is why records that arrive now would wait, as `/health/ready` says it, "" where they would not.
    `letters_expected`: no number of broken records stops a topic (`SAMEHAND_LETTERS_SHARE` is 1).
    """

    at: float
    samples: Mapping[str, Mapping[Labels, float]]
    unready: str = ""
    letters_expected: bool = False

    def total(self, name: str, **labels: str) -> float:
        """The sum over every series of a metric that carries these labels; 0 without any."""
        return math.fsum(value for _, value in self._matching(name, labels))

    def largest(self, name: str) -> float:
        """Over every series; 0 without any."""
        return max((value for _, value in self._matching(name, {})), default=0.0)

    def by(
        self, label: str, name: str, fold: Callable[[float, float], float] = float.__add__
    ) -> dict[str, float]:
        """The series of a metric folded by one label, by default summed."""
        folded: dict[str, float] = {}
        for labels, value in self._matching(name, {}):
            key = dict(labels).get(label, "")
            folded[key] = fold(folded[key], value) if key in folded else value
        return folded

    def buckets(self, name: str) -> Buckets:
        """A histogram's cumulative counts over all its labels."""
        return tuple(sorted((float(edge), count) for edge, count in self.by("le", f"{name}_bucket").items()))

    def _matching(self, name: str, labels: Mapping[str, str]) -> Iterator[tuple[Labels, float]]:
        wanted = labels.items()
        return (
            (have, value)
            for have, value in self.samples.get(name, {}).items()
            if wanted <= have and not math.isnan(value)
        )


def read(registry: CollectorRegistry, at: float) -> Figures:
    samples: dict[str, dict[Labels, float]] = {}
    for family in registry.collect():
        for sample in family.samples:
            samples.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return Figures(at, samples)


def quantile(share: float, buckets: Buckets) -> float | None:
    """By linear interpolation within its bucket, as Prometheus does; `None` without observations.

    Beyond the last edge it is that edge: more is not known.
    """
    total = buckets[-1][1] if buckets else 0.0
    if total <= 0:
        return None
    rank, below_edge, below = share * total, 0.0, 0.0
    for edge, count in buckets:
        if count >= rank and count > below:
            if math.isinf(edge):
                return below_edge
            return below_edge + (edge - below_edge) * (rank - below) / (count - below)
        below_edge, below = edge, count
    return below_edge


def since(newer: Buckets, older: Buckets) -> Buckets:
    """What came between two looks."""
    before = dict(older)
    return tuple((edge, count - before.get(edge, 0.0)) for edge, count in newer)


def fresh_of(ages: Buckets) -> float:
    """Of a histogram of ages, the events within the objective; its edge is a bucket's, so this is exact."""
    return dict(ages).get(FRESH_SECONDS, 0.0)
