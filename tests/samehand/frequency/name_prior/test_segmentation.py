"""Common is cheap, unheard-of is dear, and a handle costs what its most common reading costs."""

from __future__ import annotations

import re
from statistics import median

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samehand.frequency.name_prior import CAP_BITS, FLOOR_BITS, bits, segments, whole_bits
from samehand.normalize.text.fold import fold_name

FOLDED = st.text("abcdefghijklmnopqrstuvwxyz0123456789", max_size=40)
WORDS = ("umar", "media", "john", "sultan", "king", "ali")
LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=30)

# As people spell them, each among the most common of its language.
COMMON_GIVEN_NAMES = {
    "en": "james john michael david sarah emma thomas jack anna daniel",
    "es": "jose maria juan carlos luis ana pedro carmen laura miguel",
    "ar": "mohamed ahmed fatima omar hassan khaled maryam ibrahim nour youssef",
    "ur": "muhamad ali usman bilal ayesha hamza imran zainab faisal zeshan",
    "ps": "gul khalid najib karim rahim laila wali zalmay hamid abdulah",
    "fa": "reza hosein zahra mehdi maryam saed sara narges mohsen amir",
    "tr": "mehmet mustafa fatma ayse emine huseyin elif murat zeynep osman",
    "ru": "sergey dmitry olga anna ivan elena natalia andrey tatiana maxim",
    "hi": "rahul amit priya raj poja sunil vijay ravi neha anjali",
    "zh": "wei jing fang ming li na min jie yan tao",
    "ko": "minjun jihon jiwo minji hyun jun minsu sujin junho jiso",
}


def test_a_common_name_is_cheap_and_an_unheard_of_one_is_dear() -> None:
    assert bits("john") < 9
    assert bits("xqzvkt") == CAP_BITS
    assert bits("john") < bits("thorpe") < bits("qwzxjvkp")


def test_short_texts_stay_common() -> None:
    assert bits("a") < 6
    assert bits("ab") < 10
    assert bits("abc") < 10
    assert bits("ali") < 8


def test_names_of_every_language_are_alike_common() -> None:
    medians = {
        language: median(bits(name) for name in names.split())
        for language, names in COMMON_GIVEN_NAMES.items()
    }
    assert max(medians.values()) - min(medians.values()) <= 2, medians


def test_a_name_in_its_own_script_is_as_common_as_its_romanisation() -> None:
    for native in ("محمد", "فاطمة", "علي", "عثمان", "حسين", "Дмитрий", "Ольга", "राहुल", "민준"):
        fold = fold_name(native)
        assert fold is not None
        assert bits(fold.base) < 9, native


@pytest.mark.parametrize(
    ("handle", "pieces"),
    [
        ("umarmediaoficial", ["umar", "media", "oficial"]),
        ("realjohn", ["real", "john"]),
        ("ali786", ["ali", "786"]),
        ("xqzvktmedia", ["xqzvkt", "media"]),
        ("sultan", ["sultan"]),
        ("umar_media", ["umar", "media"]),
    ],
)
def test_a_handle_is_read_as_the_words_it_was_made_of(handle: str, pieces: list[str]) -> None:
    assert [piece.text for piece in segments(handle)] == pieces


def test_an_affix_costs_little_and_a_second_name_costs_more() -> None:
    alone = bits("umar")
    assert alone < bits("umaroficial") < bits("umarfaroq") <= CAP_BITS
    assert bits("umaroficial") - alone <= 6


def test_a_lucky_number_costs_less_than_a_random_one() -> None:
    assert bits("ali") < bits("ali786") < bits("ali5937")


def test_having_it_as_the_whole_handle_is_rarer_than_bearing_it() -> None:
    assert bits("ali") + 3 <= whole_bits("ali") < CAP_BITS
    assert whole_bits("") == 0
    assert whole_bits("xqzvkt") == CAP_BITS


@given(st.text(max_size=80))
@example("")
@example("___")
@example("\u0663ⅷ²")
def test_any_text_has_bits_within_bounds(text: str) -> None:
    own = bits(text)
    assert own == 0 if re.search("[a-z0-9]", text) is None else FLOOR_BITS <= own <= CAP_BITS
    assert own <= whole_bits(text) <= CAP_BITS


@given(FOLDED)
def test_the_same_text_has_the_same_bits_whatever_was_asked_before(text: str) -> None:
    first = bits(text)
    bits.cache_clear()
    segments.cache_clear()
    assert bits(text) == first


@given(FOLDED)
def test_the_pieces_make_up_the_text(text: str) -> None:
    assert "".join(segment.text for segment in segments(text)) == text


@given(LETTERS)
def test_no_text_is_rarer_than_letters_drawn_at_random(text: str) -> None:
    assert bits(text) <= max(FLOOR_BITS, min(CAP_BITS, 4.71 * len(text)))


@given(st.lists(st.sampled_from(WORDS), min_size=2, max_size=4))
def test_a_composition_costs_no_more_than_its_words_and_their_joins(words: list[str]) -> None:
    assert bits("".join(words)) <= min(CAP_BITS, sum(map(bits, words)) + len(words) - 1)


@given(st.lists(st.sampled_from(WORDS), min_size=2, max_size=4))
def test_a_separator_is_a_join(words: list[str]) -> None:
    assert (
        bits("".join(words)) <= bits("_".join(words)) <= min(CAP_BITS, sum(map(bits, words)) + len(words) - 1)
    )


@given(st.text("abc", min_size=49, max_size=300))
def test_very_long_text_is_at_the_cap(text: str) -> None:
    assert bits(text) == CAP_BITS


@pytest.mark.parametrize(
    "name",
    [
        *("ishaqzai", "alizai", "sulaimankhel", "zarghona", "breshna", "gandapur", "nangarhari"),
        *("qahtani", "bajwa", "khokhar", "chaturvedi", "bhardwaj", "akyol"),
        *("اسحاقزی", "سلیمانخېل", "لوګری", "باجوہ", "भारद्वाज", "قحطاني"),
    ],
)
def test_common_names_of_languages_without_a_published_list_are_no_rarities(name: str) -> None:
    folded = fold_name(name)
    assert folded is not None
    assert bits(folded.base) < 16.0


@pytest.mark.parametrize(
    ("his", "hers"), [("kuznetsov", "kuznetsova"), ("vinogradov", "vinogradova"), ("kowalski", "kowalska")]
)
def test_a_family_name_is_as_common_in_the_form_that_women_bear(his: str, hers: str) -> None:
    assert bits(hers) == pytest.approx(bits(his), abs=0.25)


@pytest.mark.parametrize(
    "name", ["vasilyev", "vasiliev", "vasilev", "mihailov", "mikhailov", "zaitsev", "zaytsev", "grigoryev"]
)
def test_a_common_name_in_cyrillic_letters_is_no_rarity_in_any_spelling(name: str) -> None:
    assert bits(name) < 14.0


def test_a_clan_that_no_list_knows_is_read_by_its_parts() -> None:
    assert [piece.text for piece in segments("babarkhel")] == ["babar", "khel"]
    assert bits("babarkhel") < CAP_BITS
