"""The table of names, and what digits and decorations cost."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.frequency.name_prior import CAP_BITS, COMMONNESS_VERSION, FLOOR_BITS, decoration, digit_bits
from samehand.frequency.name_prior.digits import DIGIT_BITS
from samehand.frequency.name_prior.table import STEPS_PER_BIT, TOKEN_LENGTH_MAX, parse, shipped
from samehand.normalize.text.fold import fold_name
from samehand.normalize.text.fold_table import FOLD_VERSION

# What decorates a handle is known in many languages; a name is never a decoration.


@pytest.mark.parametrize(
    "word",
    [
        *("official", "real", "the", "tv", "media", "backup", "new", "oficial", "noticias", "resmi", "haber"),
        *(
            "رسمي",
            "الرسمي",
            "قناة",
            "آفیشل",
            "سرکاری",
            "رسمی",
            "официальный",
            "новости",
            "आधिकारिक",
            "官方",
            "공식",
        ),
    ],
)
def test_affixes_of_many_languages_are_decorations_once_folded(word: str) -> None:
    folded = fold_name(word)
    assert folded is not None
    assert decoration(folded.base), folded.base


@pytest.mark.parametrize("token", ["2", "02", "2024", "official2", "backup03"])
def test_counters_and_years_are_decorations(token: str) -> None:
    assert decoration(token)


@pytest.mark.parametrize(
    "token",
    [
        "umar",
        "john",
        "maria",
        "ben",
        "ana",
        "wali",
        "alam",
        "fatima",
        "wei",
        "",
        "923001234567",
        "official12345",
    ],
)
def test_names_and_long_numbers_are_not(token: str) -> None:
    assert not decoration(token)


@given(st.text(max_size=30))
def test_any_text_is_judged(text: str) -> None:
    assert decoration(text) in (True, False)


# Numbers that mean something are common; numbers that mean nothing cost their digits.


def test_no_digits_cost_nothing() -> None:
    assert digit_bits("") == 0


@pytest.mark.parametrize(
    ("meant", "random"),
    [("1998", "3748"), ("786", "583"), ("007", "583"), ("69", "31"), ("123", "583"), ("420", "583")],
)
def test_a_number_that_means_something_is_more_common(meant: str, random: str) -> None:
    assert digit_bits(meant) < digit_bits(random)


def test_years_of_birth_are_more_common_than_others() -> None:
    assert digit_bits("1999") < digit_bits("1950") < digit_bits("1850")
    assert digit_bits("99") < digit_bits("54")


def test_patterns_are_more_common_than_random_digits_of_their_length() -> None:
    for pattern in ("77777777", "45678", "98765"):
        assert digit_bits(pattern) < digit_bits("59372846"[: len(pattern)])


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


def test_tokens_costs_and_lengths_are_read() -> None:
    table = parse(a_file())
    assert table.tokens == {"john": 7.0, "king": 7.0, "umarfaroq": 8.5}
    assert table.rows["^"][25] / STEPS_PER_BIT == 1.0
    assert table.lengths["umar"] == (2, 3, 9)


def test_a_file_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        parse(a_file(version=COMMONNESS_VERSION + 1))


def test_a_file_folded_by_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="fold version"):
        parse(a_file(fold=FOLD_VERSION + 1))


def test_a_changed_file_is_refused() -> None:
    with pytest.raises(ValueError, match="checksum"):
        parse(a_file(sha="0" * 64))


def test_a_file_without_a_head_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        parse(BODY)


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
