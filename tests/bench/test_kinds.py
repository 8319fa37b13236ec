"""The kinds of obfuscation: as many as promised, tuned and judged by different hands."""

from __future__ import annotations

from random import Random

import pytest

from bench.kinds import KINDS


def test_both_sets_have_the_same_kinds() -> None:
    assert len(KINDS["tuning"]) >= 21
    assert set(KINDS["tuning"]) == set(KINDS["held_out"])


@pytest.mark.parametrize("kind", sorted(KINDS["held_out"]))
@pytest.mark.parametrize("edits", sorted(KINDS))
def test_each_kind_changes_some_handle(edits: str, kind: str) -> None:
    edit = KINDS[edits][kind]
    assert any(edit(Random(seed), "umar_khalid_media_1987") != "umar_khalid_media_1987" for seed in range(20))
