"""The bench of counting: what it measures of a few."""

from __future__ import annotations

from bench.counting import BEARERS, measured, summary, table


def test_counts_are_held_against_the_truth_and_cost_is_told() -> None:
    found = measured(200, [(4, True, True)], counted_of=[100_000], names=1)
    (case,) = found.cases
    assert [one.bearers for one in case.missing] == list(BEARERS)
    assert all(0 <= one.mean <= one.most <= one.bearers for one in case.missing)
    assert case.missing[-1].mean <= case.workers
    assert 0 < found.cost.sent < found.cost.values
    assert 4 * found.cost.sent >= found.cost.cells_written
    assert table(found).count("\n") == 2
    assert "200 sign-ups" in summary(found)
