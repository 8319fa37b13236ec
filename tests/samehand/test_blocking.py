"""Which spellings of a word meet: one typo, any order, an affix taken off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.blocking import cores, deletions, letters, stems, tried_letters, tried_spellings

words = st.text("abcdefghij", min_size=6, max_size=20)
letter = st.sampled_from("abcdefghij")


@given(word=words, data=st.data())
def test_a_letter_left_out_is_found(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    assert set(letters(word)) & set(tried_letters(word[:place] + word[place + 1 :]))


@given(word=words, put=letter, data=st.data())
def test_a_letter_put_in_is_found(word: str, put: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word)))
    assert set(letters(word)) & set(tried_letters(word[:place] + put + word[place:]))


@given(word=words, put=letter, data=st.data())
def test_a_letter_exchanged_is_found_in_any_order_of_the_rest(
    word: str, put: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    changed = list(word[:place] + put + word[place + 1 :])
    assert set(letters(word)) & set(tried_letters("".join(data.draw(st.permutations(changed)))))


def test_short_words_keep_their_order() -> None:
    assert set(tried_spellings("umra")).isdisjoint(letters("umar"))
    assert "uma" in tried_spellings("umar")


@given(words)
def test_no_deletion_comes_twice(word: str) -> None:
    assert len(deletions(word)) == len(set(deletions(word)))


def test_every_long_beginning_and_end_may_be_the_word_that_was_extended() -> None:
    assert {"umarmedia"} <= set(stems("xqumarmedia")) & set(stems("umarmediaxq"))


def test_decorations_come_off_with_and_without_a_separator() -> None:
    assert cores("umarofficial", ("umar", "official"))[0] == "umar"
    assert "umar" in cores("umarofficial", ("umarofficial",))
    assert cores("boxmoth", ("boxmoth",)) == []
