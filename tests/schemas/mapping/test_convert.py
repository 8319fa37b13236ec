"""A value becomes what its field takes, exactly, or a reason: no number is rounded and no date guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.mapping.convert import UNITS, Reading, Unit
from schemas.mapping.expression import Expression
from schemas.mapping.fields import ALL_FIELDS
from schemas.unusable import FIELD_FAULTS
from tests.schemas.mapping.makers import fault, left_out, plain, record_of, result
from tests.schemas.strategies import json_values
from tests.tables import for_each

WHOLE_TEXT = "2026-03-01T09:30:15Z"
WHOLE = datetime(2026, 3, 1, 9, 30, 15, tzinfo=UTC)
FINE = WHOLE.replace(microsecond=123_456)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(name: str, value: Any, **how: Any) -> tuple[Any, tuple[str, ...]]:
    """What a field holds of a value, and what was wrong with it."""
    found, faults = Reading(ALL_FIELDS[name], Expression("it"), **how)({"it": value})
    return found, tuple(map(str, faults))


@for_each(
    ("unit", "value", "date"),
    [
        ("s", 1772357415, WHOLE),
        ("s", 1772357415.123456, FINE),
        ("ms", 1772357415000, WHOLE),
        ("us", 1772357415123456, FINE),
        ("ns", 1772357415123456789, FINE),
        ("days", 20513, datetime(2026, 3, 1, tzinfo=UTC)),
        ("ms", "1772357415000", WHOLE),
        ("ms", -1, EPOCH - timedelta(milliseconds=1)),
        ("utc", "2026-03-01 09:30:15.123456", FINE),
        ("utc", "2026-03-01T09:30:15+00:00", WHOLE),
        ("utc", "2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_date_is_read_in_its_unit(unit: Unit, value: Any, date: datetime) -> None:
    assert read("occurred_at", value, unit=unit) == (date, ())


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["us", "ns"]))
def test_whole_numbers_lose_nothing(date: datetime, unit: Unit) -> None:
    microseconds = (date - EPOCH) // timedelta(microseconds=1)
    assert read("occurred_at", microseconds * (1_000 if unit == "ns" else 1), unit=unit) == (date, ())


@for_each(
    ("unit", "value", "why"),
    [
        (None, 1772357415, "wrong-type"),  # seconds or milliseconds? nobody said
        ("ms", "soon", "wrong-type"),
        ("ms", True, "wrong-type"),
        ("ms", [1772357415000], "wrong-type"),
        ("s", 1772357415000, "out-of-range"),  # milliseconds, taken for seconds: the year 58133
        ("s", float("inf"), "out-of-range"),
        ("days", 10**30, "out-of-range"),
        ("ns", -(10**40), "out-of-range"),
        ("s", -1e11, "out-of-range"),
        ("utc", "1st of March", "bad-date"),
        ("utc", 5, "wrong-type"),
    ],
)
def test_what_is_no_date_in_that_unit_is_none(unit: Unit | None, value: Any, why: str) -> None:
    assert read("occurred_at", value, unit=unit) == (None, (why,))


@for_each("broken", [12.0, True, [1], {"id": 1}, None])
def test_a_whole_number_names_an_account_and_nothing_else_but_a_text_does(broken: Any) -> None:
    big = 2**63 + 1
    assert record_of(result(plain(), {"id": big, "at": WHOLE_TEXT})).account.account_id == str(big)
    assert fault(result(plain(), {"id": broken, "at": WHOLE_TEXT}))[1] == "$.account.account_id"


def test_translations_and_what_stands_where_there_is_none() -> None:
    codes = {"1": "spam", "true": "abuse"}
    assert read("policy", 1, values=codes) == ("spam", ())
    assert read("policy", "1", values=codes) == ("spam", ())
    assert read("policy", True, values=codes) == ("abuse", ())
    assert read("policy", 7, values=codes) == (None, ("bad-format",))
    assert read("policy", {"1": 1}, values=codes) == (None, ("bad-format",))
    assert read("policy", 7, values=codes, default="other") == ("other", ())
    assert read("policy", None, default="other") == ("other", ())
    assert read("policy", "", default="other") == ("", ())  # it says nothing, and says so itself


def test_a_list_may_come_as_a_list_a_text_or_one_thing() -> None:
    assert read("links", ["a", None, "b"]) == (["a", "b"], ())
    assert read("links", "a") == (["a"], ())
    assert read("links", "a, b,,", separator=",") == (["a", "b"], ())
    assert read("links", "") == ([], ())
    assert read("links", None) == (None, ())


def test_markup_becomes_the_text_that_people_see() -> None:
    note = (
        '<p>Backup: <a href="https://t.me/x"><span class="invisible">https://</span>t.me/x</a><br>R&amp;D</p>'
    )
    assert read("bio", note, markup=True) == ("Backup: https://t.me/x\nR&D", ())
    assert read("links", [note], markup=True) == (["Backup: https://t.me/x\nR&D"], ())
    assert read("bio", "1 < 2 and <unclosed", markup=True) == ("1 < 2 and <unclosed", ())
    assert read("bio", note)[0] == note


@for_each("digits", ["9" * 5_000, "x" + "f" * 5_000, "1114112", "0", "xD83D"])
def test_a_character_by_a_number_that_none_has_is_none(digits: str) -> None:
    found, faults = read("bio", f"a&#{digits};b&amp;c", markup=True)
    assert (found, faults) == ("a\ufffdb&c", ())


def test_half_of_an_emoji_does_not_get_through() -> None:
    assert read("handle", "umar\ud83d") == ("umar\ufffd", ("lone-surrogate",))
    assert read("links", ["a\ud83d", "b"]) == (["a\ufffd", "b"], ("lone-surrogate",))


def test_a_number_may_come_as_text() -> None:
    assert [read("avatar_quality", it)[0] for it in (92, 92.0, "92", "n/a")] == [92, 92, 92, "n/a"]


def test_a_function_that_does_not_take_a_value_costs_the_field_alone() -> None:
    mapped = plain("fields.display_name = \"join(' ', names)\"")
    outcome = result(mapped, {"id": 1, "at": WHOLE_TEXT, "names": ["Umar", 5]})
    assert record_of(outcome).account.display_name is None
    assert left_out(outcome) == (("display_name", "wrong-type"),)


@given(json_values(), st.sampled_from(sorted(ALL_FIELDS)), st.sampled_from([None, *UNITS]), st.booleans())
def test_no_value_raises(value: Any, name: str, unit: Unit | None, odd: bool) -> None:
    how: dict[str, Any] = {"separator": ",", "values": {"1": "x"}} if odd else {"markup": True}
    _, faults = read(name, value, unit=unit, **how)
    assert set(faults) <= set(FIELD_FAULTS)
