"""What a stretch of letters costs when no list knows it: letter by letter, each after the last two or three."""

from __future__ import annotations

from itertools import accumulate

from samehand.commonness.table import STEPS_PER_BIT, Table

START = "^"


def running_bits(table: Table, run: str) -> list[float]:
    """Bits of the run's first 0, 1, … len(run) letters (a-z only)."""
    rows = table.rows
    text = START + run
    costs = [0]
    for place, letter in enumerate(run, 1):
        row = rows.get(text[place - 3 : place]) if place >= 3 else None
        if row is None:
            row = rows[text[max(0, place - 2) : place]]
        costs.append(row[ord(letter) - 97])
    return [cost / STEPS_PER_BIT for cost in accumulate(costs)]
