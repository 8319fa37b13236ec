"""The caps that follow from others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.keys import KeyKind, falls_silent, posting_cap
from store.limits import SILENT_LISTS, shard_posting_cap


@pytest.mark.parametrize("kind", list(KeyKind))
def test_one_shard_has_the_whole_cap_and_of_a_name_as_much_again(kind: KeyKind) -> None:
    assert shard_posting_cap(kind, 1) == posting_cap(kind) * (SILENT_LISTS if falls_silent(kind) else 1)


@given(st.sampled_from(list(KeyKind)), st.integers(2, 64))
def test_all_shards_together_hold_the_cap_and_each_no_more_than_it(kind: KeyKind, shards: int) -> None:
    cap = shard_posting_cap(kind, shards)
    assert shard_posting_cap(kind, 1) <= cap * shards
    assert cap <= shard_posting_cap(kind, 1)
