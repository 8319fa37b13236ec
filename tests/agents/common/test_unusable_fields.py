"""The counter of unreadable values: what it counts, and what it shows of a value."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.common.unusable_fields import UnusableFields, shape_of
from tests.makers import a_sign_up
from tests.tables import for_each


@for_each(
    ("value", "shape"),
    [
        ("0301 2345678", "0••• •••••••"),
        ("00 92 301", "00 •• •••"),
        ("+92-x", "+••-x"),
        ("nope", "xxxx"),
        ("203.0.113.24, 10.0.0.1", "•••.•.•••.••, ••.•.•.•"),
        ("عمر@\u202e۳", "xxx@•"),
        ("9" * 80, "•" * 40 + "…"),
    ],
)
def test_a_value_is_shown_by_its_shape(value: str, shape: str) -> None:
    assert shape_of(value) == shape


@given(st.text(min_size=1))
def test_no_letter_and_no_digit_but_zeros_in_front_is_shown(value: str) -> None:
    shape = shape_of(value).lstrip("+ ").removeprefix("0").removeprefix("0")
    assert not [sign for sign in shape if sign.isalnum() and sign != "x"]


def test_a_national_number_with_its_locale_is_readable_as_it_is_to_a_worker() -> None:
    unusable = UnusableFields()
    unusable.add(a_sign_up(phone="0301 2345678", locale="ur-PK"), ())
    assert unusable.rows == []
    unusable.add(a_sign_up(phone="0301 2345678"), ())
    assert [(row["field"], row["records"]) for row in unusable.rows] == [("phone", 1)]


def test_values_with_a_digit_are_shown_before_stand_ins_and_both_with_their_counts() -> None:
    unusable = UnusableFields()
    for phone in ("n/a", "n/a", "NULL", "0301 2345678", "0322 1111111"):
        unusable.add(a_sign_up(phone=phone), ())
    [sentence] = unusable.sentences
    assert sentence.startswith(
        "phone: unreadable in 5 records, such as 0••• ••••••• (2), x/x (2), xxxx (1). Phones need +"
    )
