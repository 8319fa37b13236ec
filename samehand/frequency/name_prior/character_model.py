"""Bits of the letters of a word that is on no list: of each letter, given the two or three before it."""

from __future__ import annotations

from typing import Final

from samehand.frequency.name_prior.table import STEPS_PER_BIT, Table

START: Final = "^"


def running_bits(table: Table, run: str) -> list[float]:
    """Bits of the run's first 0, 1, … len(run) letters (a-z only, at least one)."""
    rows = table.rows
    context = START + run[0]
    total = rows[START][ord(run[0]) - 97]
    costs = [0.0, total / STEPS_PER_BIT]
    for letter in run[1:]:
        row = rows.get(context) or rows[context[1:]]
        total += row[ord(letter) - 97]
        costs.append(total / STEPS_PER_BIT)
        context = context[-2:] + letter
    return costs
