"""Normal forms are the library's, however long the text."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.text.compose import composed


@given(st.text(), st.integers(1, 60))
def test_words_and_lines_of_any_length_are_composed_as_the_library_does(text: str, times: int) -> None:
    long = f"{text} " * times
    if max(map(len, long.split(" "))) < 100:
        assert composed("NFKC", long) == unicodedata.normalize("NFKC", long)
        assert composed("NFC", long) == unicodedata.normalize("NFC", long)


def test_no_more_is_made_than_somebody_reads() -> None:
    made = composed("NFKC", "\ufdfa" * 10_000, 2_000)
    assert 2_000 < len(made) < 5_000
    assert unicodedata.normalize("NFKC", "\ufdfa" * 10_000).startswith(made)


def test_piles_of_marks_in_the_wrong_order_stay_on_their_letters() -> None:
    text = "cafe\u0301\u0316 " * 500
    assert composed("NFKC", text) == unicodedata.normalize("NFKC", text)
