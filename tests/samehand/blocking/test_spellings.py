"""Which spellings of a word meet: one typo, any order, an affix taken off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.blocking.spellings import (
    LETTERS_LISTED_WHOLE_LENGTH_MIN,
    cores,
    deletions,
    letters,
    listed_letters,
    runs,
    spellings,
    spread_runs,
)

words = st.text("abcdefghij", min_size=6, max_size=20)
letter = st.sampled_from("abcdefghij")


@given(word=words, data=st.data())
def test_a_letter_left_out_is_found(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    assert set(letters(word)) & set(letters(word[:place] + word[place + 1 :]))


@given(word=words, put=letter, data=st.data())
def test_a_letter_put_in_is_found(word: str, put: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word)))
    assert set(letters(word)) & set(letters(word[:place] + put + word[place:]))


@given(word=words, put=letter, data=st.data())
def test_a_letter_exchanged_is_found_in_any_order_of_the_rest(
    word: str, put: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    changed = list(word[:place] + put + word[place + 1 :])
    assert set(letters(word)) & set(letters("".join(data.draw(st.permutations(changed)))))


@given(word=st.text("abcdefghij", min_size=LETTERS_LISTED_WHOLE_LENGTH_MIN, max_size=24), data=st.data())
def test_a_long_word_lists_its_letters_whole_and_a_typo_leaves_a_run(word: str, data: st.DataObject) -> None:
    assert listed_letters(word) == letters(word)[:1]
    place = data.draw(st.integers(0, len(word) - 1))
    assert set(spread_runs(word)) & set(runs(word[:place] + word[place + 1 :]))
    assert set(spread_runs(word)) & set(runs(word[:place] + "x" + word[place + 1 :]))


def test_runs_are_listed_at_the_quarters_and_of_a_longer_word_at_both_ends() -> None:
    assert spread_runs("abcd") == []
    assert spread_runs("abcde") == ["abcde"]
    assert spread_runs("abcdef") == ["abcde", "bcdef"]
    assert spread_runs("abcdefghi") == ["bcdef", "cdefg", "defgh"]
    assert spread_runs("abcdefghijklm") == ["cdefg", "efghi", "ghijk", "abcde", "ijklm"]


@given(word=words)
def test_a_query_tries_every_run_that_is_listed(word: str) -> None:
    assert set(spread_runs(word)) <= set(runs(word))


def test_short_words_keep_their_order() -> None:
    assert set(spellings("umra")).isdisjoint(letters("umar"))
    assert "uma" in spellings("umar")


@given(words)
def test_no_deletion_comes_twice(word: str) -> None:
    assert len(deletions(word)) == len(set(deletions(word)))


def test_decorations_come_off_with_and_without_a_separator() -> None:
    assert cores("umarofficial", ("umar", "official"))[0] == "umar"
    assert "umar" in cores("umarofficial", ("umarofficial",))
    assert cores("boxmoth", ("boxmoth",)) == []
