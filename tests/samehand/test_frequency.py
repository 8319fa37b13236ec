"""How common a value and a name are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from samehand.account import Avatar
from samehand.frequency.name_prior import (
    CAP_BITS,
    COMMONNESS_VERSION,
    FLOOR_BITS,
    bits,
    decoration,
    digit_bits,
    segments,
    whole_bits,
)
from samehand.frequency.name_prior.digits import DIGIT_BITS
from samehand.frequency.name_prior.table import STEPS_PER_BIT, TOKEN_LENGTH_MAX, parse, shipped
from samehand.frequency.rates import (
    STRATUM_ACCOUNTS_MIN,
    CountsWithoutCandidates,
    NothingCounted,
    SignUpRates,
    named_rate,
    shared_rate,
)
from samehand.keys import PERSONAL_POSTING_CAP, KeyKind, key_of
from samehand.normalize.text.fold import fold_name
from samehand.normalize.text.fold_table import FOLD_VERSION
from samehand.signals.phone import PHONE
from tests.samehand.makers import an_account, keyer
from tests.tables import for_each

# How common a value is.


# What was counted is drawn to what ships, and the more was counted, the less.

either = pytest.mark.parametrize("rate", [named_rate, shared_rate])
Rate = Callable[[int, int, float], float]


@either
@given(st.integers(0, 10**6), st.integers(0, 10**7), st.floats(1e-9, 1.0))
def test_a_rate_is_a_share(rate: Rate, count: int, accounts: int, shipped: float) -> None:
    assert 0 < rate(count, accounts, shipped) <= 1


@either
@given(st.integers(0, 10**5), st.integers(10**5, 10**7), st.floats(1e-9, 1.0))
def test_more_bearers_never_make_a_value_rarer(rate: Rate, count: int, accounts: int, shipped: float) -> None:
    assert rate(count, accounts, shipped) <= rate(count + 1, accounts, shipped)


@either
def test_with_nothing_counted_the_shipped_rate_stands(rate: Rate) -> None:
    nothing = NothingCounted(7)
    assert nothing.bans == 7
    assert nothing.count(KeyKind.EMAIL, b"x", "") == nothing.accounts("") == 0
    assert rate(0, 0, 1e-5) == 1e-5


@either
def test_a_million_accounts_speak_louder_than_what_ships(rate: Rate) -> None:
    assert abs(rate(1000, 1_000_000, 1e-5) - 1e-3) < 6e-5


@either
@pytest.mark.parametrize("others", [1, 2])
def test_one_or_two_others_prove_nothing(rate: Rate, others: int) -> None:
    assert rate(2 + others, 2000, 3e-7) < 3e-6


@either
def test_a_crowd_behind_a_value_is_there_whatever_was_shipped(rate: Rate) -> None:
    assert rate(102, 20_000, 2e-7) > 80 / 20_000


def test_those_who_come_back_under_a_name_do_not_make_it_common() -> None:
    assert named_rate(8, 5_000, 3e-7) < 0.6 * 6 / 5_000


def test_in_a_small_file_names_are_priced_as_shipped() -> None:
    assert named_rate(90, STRATUM_ACCOUNTS_MIN - 1, 1e-6) == 1e-6


# What one evader's banned accounts share is no crowd; what strangers share stays one.

NUMBER = "+923012345678"
SILHOUETTE = Avatar(pdq=bytes(range(32)), quality=90)


class Counted:
    """A hundred thousand accounts, so many of them with any value."""

    bans = 7
    sign_ups = SignUpRates()

    def __init__(self, bearers: int) -> None:
        self._bearers = bearers

    def accounts(self, stratum: str) -> int:
        return 100_000

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return self._bearers


def number(phone: str = NUMBER) -> bytes:
    trait = PHONE.distil(an_account(phone=phone), keyer)
    assert trait is not None
    return trait[0][0].number


@for_each(
    ("counted", "candidates", "left"),
    [
        (10, 9, 2),  # eight others of theirs go, the pair's own two stay
        (10, 1, 10),  # the banned account of the pair is no other
        (10, 0, 10),
        (1_000, 9, 992),  # a carrier's crowd stays a crowd
        (4, 9, 0),  # several were of one network, and counted once
    ],
)
def test_banned_bearers_are_taken_off_but_for_the_pairs_own(counted: int, candidates: int, left: int) -> None:
    context = CountsWithoutCandidates(Counted(counted), {key_of(KeyKind.PHONE, number()): candidates})
    assert context.count(KeyKind.PHONE, number(), "") == left


def test_a_picture_that_strangers_show_stays_common_though_many_of_the_banned_show_it() -> None:
    context = CountsWithoutCandidates(Counted(40), {key_of(KeyKind.AVATAR, SILHOUETTE.pdq): 60})
    assert context.count(KeyKind.AVATAR, SILHOUETTE.pdq, "") == 40


def test_how_common_a_name_is_does_not_depend_on_who_bears_it() -> None:
    context = CountsWithoutCandidates(Counted(10), {key_of(KeyKind.STEM, b"umar"): 9})
    assert context.count(KeyKind.STEM, b"umar", "latin") == 10


def test_no_more_are_taken_off_than_a_value_proposes() -> None:
    """In many shards a value may list more; beyond its cap it is a farm's or a carrier's."""
    context = CountsWithoutCandidates(
        Counted(1_000), {key_of(KeyKind.PHONE, number()): 3 * PERSONAL_POSTING_CAP}
    )
    assert context.count(KeyKind.PHONE, number(), "") == 1_001 - PERSONAL_POSTING_CAP


# Common is cheap, unheard-of is dear, and a handle costs what its most common reading costs.


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


@for_each(
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


@for_each(
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


@for_each(
    ("his", "hers"), [("kuznetsov", "kuznetsova"), ("vinogradov", "vinogradova"), ("kowalski", "kowalska")]
)
def test_a_family_name_is_as_common_in_the_form_that_women_bear(his: str, hers: str) -> None:
    assert bits(hers) == pytest.approx(bits(his), abs=0.25)


@for_each(
    "name", ["vasilyev", "vasiliev", "vasilev", "mihailov", "mikhailov", "zaitsev", "zaytsev", "grigoryev"]
)
def test_a_common_name_in_cyrillic_letters_is_no_rarity_in_any_spelling(name: str) -> None:
    assert bits(name) < 14.0


def test_a_clan_that_no_list_knows_is_read_by_its_parts() -> None:
    assert [piece.text for piece in segments("babarkhel")] == ["babar", "khel"]
    assert bits("babarkhel") < CAP_BITS


# The table of names, and what digits and decorations cost.


# What decorates a handle is known in many languages; a name is never a decoration.


@for_each(
    "word",
    [
        *("official", "real", "the", "tv", "media", "backup", "new", "oficial", "noticias", "resmi", "haber"),
        *(
            *("رسمي", "الرسمي", "قناة", "آفیشل", "سرکاری", "رسمی", "официальный", "новости"),
            *("आधिकारिक", "官方", "공식"),
        ),
    ],
)
def test_affixes_of_many_languages_are_decorations_once_folded(word: str) -> None:
    folded = fold_name(word)
    assert folded is not None
    assert decoration(folded.base), folded.base


@for_each("token", ["2", "02", "2024", "official2", "backup03"])
def test_counters_and_years_are_decorations(token: str) -> None:
    assert decoration(token)


@for_each(
    "token",
    [
        *("umar", "john", "maria", "ben", "ana", "wali", "alam", "fatima", "wei", "", "923001234567"),
        "official12345",
    ],
)
def test_names_and_long_numbers_are_not(token: str) -> None:
    assert not decoration(token)


# Numbers that mean something are common; numbers that mean nothing cost their digits.


def test_no_digits_cost_nothing() -> None:
    assert digit_bits("") == 0


@for_each(
    ("meant", "random"),
    [("1998", "3748"), ("786", "583"), ("007", "583"), ("69", "31"), ("123", "583"), ("420", "583")],
)
def test_a_number_that_means_something_is_more_common(meant: str, random: str) -> None:
    assert digit_bits(meant) < digit_bits(random)


def test_years_of_birth_are_more_common_than_others() -> None:
    assert digit_bits("1999") < digit_bits("1950") < digit_bits("1850")
    assert digit_bits("99") < digit_bits("54")


def test_two_digits_are_the_year_of_the_last_three_decades_or_of_the_century_before() -> None:
    apart = {
        digit_bits(str(year)) - digit_bits(f"{year % 100:02}") for year in (1976, 1985, 1998, 2004, 2008)
    }
    assert max(apart) == pytest.approx(min(apart))


def test_patterns_are_more_common_than_random_digits_of_their_length() -> None:
    for pattern in ("77777777", "45678", "98765"):
        assert digit_bits(pattern) < digit_bits("59372846"[: len(pattern)])
    assert digit_bits("24680246") == digit_bits("59372846"), "no pattern of steps of two"


@given(st.text("0123456789", min_size=1, max_size=60))
def test_a_run_costs_something_but_no_more_than_random_digits_of_its_length(run: str) -> None:
    assert 0 < digit_bits(run) <= 8 + len(run) * DIGIT_BITS


# The shipped file is the one its version names, and a damaged or foreign one is refused.

BODY = "[tokens]\n7 john king\n8.5 umarfaroq\n[letters]\n^ " + "!" * 25 + "'\n"


def a_file(
    *, version: int = COMMONNESS_VERSION, fold: int = FOLD_VERSION, body: str = BODY, sha: str = ""
) -> str:
    digest = sha or hashlib.sha256(body.encode()).hexdigest()
    return f"version {version}\nfold {fold}\nsha256 {digest}\n\n{body}"


@for_each(
    ("changed", "why"),
    [
        ({"version": COMMONNESS_VERSION + 1}, "version"),
        ({"fold": FOLD_VERSION + 1}, "fold version"),
        ({"sha": "0" * 64}, "checksum"),
    ],
)
def test_a_file_of_another_make_is_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(a_file(**changed))


def test_every_shipped_figure_is_within_bounds() -> None:
    table = shipped()
    assert len(table.tokens) > 40_000
    for token, own in table.tokens.items():
        assert token.isalpha()
        assert token.isascii()
        assert 2 <= len(token) <= TOKEN_LENGTH_MAX
        assert FLOOR_BITS <= own <= CAP_BITS


def test_each_context_shares_one_whole_among_the_letters() -> None:
    for context, row in shipped().rows.items():
        assert len(row) == 26
        # Rounding to a sixth of a bit moves a share by at most 6 in 100.
        assert sum(2.0 ** (-cost / STEPS_PER_BIT) for cost in row) == pytest.approx(1.0, abs=0.07), context
