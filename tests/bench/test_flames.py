"""Samples become shares."""

from __future__ import annotations

from bench.flames import alone, read_folded, shares

FOLDED = """run (agents/runtime/worker.py:1);score (samehand/score.py:10) 3
run (agents/runtime/worker.py:1);score (samehand/score.py:12) 1
run (agents/runtime/worker.py:2);look_up (store/redis/lookup.py:5);mget (/x/site-packages/redis/client.py:7) 4
"""


def test_lines_of_one_function_are_one_frame() -> None:
    stacks = read_folded(FOLDED)
    assert stacks["run (agents/runtime/worker.py)", "score (samehand/score.py)"] == 4
    assert alone(stacks) == {"score (samehand/score.py)": 0.5, "mget (redis/client.py)": 0.5}


def test_a_part_is_named_by_the_innermost_frame_that_is_known() -> None:
    parts = {"samehand/score": "score", "store/": "store"}
    assert shares(read_folded(FOLDED), parts) == {"score": 0.5, "store": 0.5}
    assert shares(read_folded(FOLDED), {"desk/": "desk"}) == {"": 1.0}
