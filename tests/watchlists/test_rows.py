"""Values of lists are tidied the same way everywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchlists.rows import iso_date


@pytest.mark.parametrize(
    "text", ["2011-07-29", "29/07/2011", "29-Jul-2011", "29 Jul 2011", "2011-07-29T00:00:00Z"]
)
def test_dates_as_lists_write_them(text: str) -> None:
    assert iso_date(text) == "2011-07-29"


@given(st.text(max_size=60))
def test_any_other_date_is_none(text: str) -> None:
    found = iso_date(text)
    assert found is None or len(found) == 10
