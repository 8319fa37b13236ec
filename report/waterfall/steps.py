"""The geometry of a waterfall: where each reason's bar begins and ends, for the terminal and for pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from report.text import visible
from schemas.alerts import EvidenceLine

Kind = Literal["prior", "for", "against", "sum"]


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One bar, in nats: it leads from ``start`` to ``end``. The prior and the sum start at zero."""

    kind: Kind
    signal: str
    start: float
    end: float
    because: str
    ours: str = ""
    theirs: str = ""

    @property
    def weight(self) -> float:
        """What the step adds; of the sum, the sum."""
        return self.end - self.start


_NATS_MAX: Final = 34.0
"""Above, "1 in" says no more than that it is hardly ever."""


def steps(
    prior: float, evidence: Sequence[EvidenceLine], against: Sequence[EvidenceLine], log_odds: float
) -> list[WaterfallStep]:
    """The prior, the reasons for, the reasons against, the sum: each begins where the one before ended."""
    one_in = round(float(f"{math.exp(min(-prior, _NATS_MAX)):.2g}"))
    how_rare = f"Of the accounts that sign up here, about 1 in {one_in:,} returns to this ban."
    drawn = [WaterfallStep("prior", "prior", 0.0, prior, how_rare)]
    for line in (*evidence, *against):
        start = drawn[-1].end
        kind: Kind = "for" if line.weight > 0 or line.explained else "against"
        end = start + line.weight
        drawn.append(WaterfallStep(kind, line.signal, start, end, line.because, line.ours, line.theirs))
    drawn.append(WaterfallStep("sum", "sum", 0.0, log_odds, "Log-odds that one hand wrote both."))
    return drawn


class _Quoting(Protocol):
    """A step, or the line that it draws."""

    @property
    def signal(self) -> str: ...
    @property
    def ours(self) -> str: ...
    @property
    def theirs(self) -> str: ...


def quoted(step: _Quoting) -> str:
    """The two values of a reason where they say more than its sentence does; harmless to show."""
    if not step.ours or not step.theirs or step.signal == "timing":
        return ""
    ours, theirs = visible(step.ours), visible(step.theirs)
    return ours if ours == theirs else f"{ours} ~ {theirs}"


@dataclass(frozen=True, slots=True)
class Scale:
    """Nats to places on a line from 0 to ``length``; zero is always on it."""

    least: float
    most: float
    length: float

    @classmethod
    def over(cls, drawn: Sequence[WaterfallStep], length: float) -> Scale:
        """The scale on which all steps fit."""
        ends = [0.0, *(step.end for step in drawn)]
        least, most = min(ends), max(ends)
        return cls(least, most if most > least else least + 1.0, length)

    def place(self, nats: float) -> float:
        return (nats - self.least) / (self.most - self.least) * self.length

    def bar(self, step: WaterfallStep) -> tuple[float, float]:
        """Left end and width of a step's bar."""
        left, right = sorted((self.place(step.start), self.place(step.end)))
        return left, right - left
