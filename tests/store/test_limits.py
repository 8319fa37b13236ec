"""The caps that follow from others."""

from __future__ import annotations

import pytest

from samehand.keys import KeyKind, falls_silent, posting_cap
from store.limits import SILENT_LISTS, listed_at_most


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_name_lists_more_than_it_proposes_and_all_else_as_many(kind: KeyKind) -> None:
    assert listed_at_most(kind) == posting_cap(kind) * (SILENT_LISTS if falls_silent(kind) else 1)
