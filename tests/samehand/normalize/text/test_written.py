"""A sentence quotes words as people wrote them, and no word of theirs disorders it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Account
from samehand.normalize.text.written import FIRST_STRONG_ISOLATE, POP_ISOLATE, as_written
from samehand.signals.name import NAME
from tests.samehand.signals.test_contract import SIGHT, keyer


@pytest.mark.parametrize(
    ("ours", "theirs", "quoted"),
    [
        ("زرغون توریالی", "احمد توریالی", ("توریالی",)),
        ("Zarghun Toryalai", "Ahmad Töryalai", ("Töryalai",)),
        ("अंकिता मल्होत्रा", "प्रिया मल्होत्रा", ("मल्होत्रा",)),
        ("Ҳамза Зарғунзод", "Алӣ Зарғунзод", ("Зарғунзод",)),
    ],
)
def test_words_in_common_are_quoted_as_the_banned_account_wrote_them(
    ours: str, theirs: str, quoted: tuple[str, ...]
) -> None:
    mine, other = (
        NAME.distil(Account(platform="x", account_id="1", display_name=one), keyer) for one in (ours, theirs)
    )
    assert mine is not None
    assert other is not None
    found = NAME.compare(mine, other, SIGHT)
    assert found is not None
    isolated = " and ".join(f"“\u2068{word}\u2069”" for word in quoted)
    assert as_written(found.because, (theirs, ours)) == f"The display names share {isolated}."


def test_a_word_that_no_name_has_is_quoted_as_it_was_folded() -> None:
    assert as_written("It says “fans”.", ("Umar",)) == "It says “\u2068fans\u2069”."


def test_a_sentence_without_a_quotation_is_left_alone() -> None:
    assert as_written("The names are the same.", ("Umar",)) == "The names are the same."


@given(st.text(), st.text(alphabet=st.characters() | st.sampled_from("\u202e\u2066\u2069"), max_size=40))
def test_isolates_are_balanced_whatever_is_quoted(word: str, name: str) -> None:
    told = as_written(f"They share “{word.translate({0x201C: None, 0x201D: None})}”.", (name,))
    inside = told.split(FIRST_STRONG_ISOLATE, 1)[1].rsplit(POP_ISOLATE, 1)[0]
    if name and inside in name:
        assert not set(inside) & set("\u202a\u202e\u2066\u2067\u2068\u2069")
