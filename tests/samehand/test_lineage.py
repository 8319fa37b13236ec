"""Families: each return is a generation further from the first ban."""

from __future__ import annotations

from samehand.lineage import GENERATION_MAX, Descent, child_of, founder


def test_a_mirror_of_a_mirror_descends_from_the_first() -> None:
    assert child_of(child_of(founder("x:1"))) == Descent("x:1", 2)


def test_a_chain_without_end_stops_being_counted() -> None:
    assert child_of(Descent("x:1", GENERATION_MAX)).generation == GENERATION_MAX
