"""One table of what every fault cost, printed when all are over; after a full run docs/faults.md shows it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Final

from tests.house import ROOT
from tools.reference_tables import filled_in

FAULTS: Final = ROOT / "docs" / "faults.md"


@dataclass(frozen=True, slots=True)
class Row:
    """A fault. ``pause_seconds``: until the next alert. ``recovered_seconds``: until all is acknowledged."""

    fault: str
    lost: int
    differing: int
    repeated: int
    pause_seconds: float | None
    recovered_seconds: float | None


@dataclass(slots=True)
class Table:
    """The rows so far."""

    rows: list[Row] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)
    """How many processes ran or wanted to, over the last minute, when each row was told."""

    def add(self, row: Row) -> None:
        """One more."""
        self.rows.append(row)
        self.loads.append(os.getloadavg()[0])

    def lines(self) -> list[str]:
        """As Markdown."""
        head = "| fault | lost | differing | repeated | pause, s | recovered, s |"
        return [head, "|---|---|---|---|---|---|", *(self._line(row) for row in self.rows)]

    def publish(self, tests: int, seconds: float, day: date) -> None:
        """Writes it into docs/faults.md: what a full run of so many tests showed.

        Losses and differences fail a test, so the page gives their sum instead of two columns of zeros.
        """
        load = f"a load of {min(self.loads):.0f} to {max(self.loads):.0f}, mostly {median(self.loads):.0f}"
        when = f"One run on {day.isoformat()}: {tests} tests in {seconds / 60:.0f} minutes"
        lost, differing = (sum(getattr(row, name) for row in self.rows) for name in ("lost", "differing"))
        measured = f"{when}, at {load}, on {os.cpu_count()} cores."
        total = f"Over all rows: {lost} lost, {differing} differing."
        rows = [
            f"| {row.fault} | {row.repeated} | {_seconds(row.pause_seconds)} |"
            f" {_seconds(row.recovered_seconds)} |"
            for row in self.rows
        ]
        head = ["| fault | repeated | pause, s | recovered, s |", "|---|---|---|---|"]
        table = "\n".join([*head, *rows, "", f"{measured} {total}"])
        FAULTS.write_text(filled_in(FAULTS.read_text("utf-8"), "faults", table), "utf-8")

    def _line(self, row: Row) -> str:
        pause, recovered = _seconds(row.pause_seconds), _seconds(row.recovered_seconds)
        return f"| {row.fault} | {row.lost} | {row.differing} | {row.repeated} | {pause} | {recovered} |"


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f}"
