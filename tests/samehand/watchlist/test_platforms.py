"""Only the names of lists are nobody's account."""

from __future__ import annotations

import pytest

from samehand.watchlist.platforms import ORGANISATIONS, PERSONS, is_list


@pytest.mark.parametrize(
    ("platform", "listed"), [(ORGANISATIONS, True), (PERSONS, True), ("x", False), ("watchlists", False)]
)
def test_platforms_that_are_lists(platform: str, listed: bool) -> None:
    assert is_list(platform) is listed
