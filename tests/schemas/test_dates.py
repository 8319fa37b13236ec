"""Dates against the reader's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from schemas import examples
from schemas.dates import CLAMP_SECONDS_MAX, from_seconds
from schemas.wire import Decoded, decode_banned, decode_created
from tests.schemas.makers import NOW, a_ban, as_json, fault


def created(occurred_at: object) -> object:
    event = {**as_json(examples.CREATED_SMALLEST), "occurred_at": occurred_at}
    return decode_created(msgspec.json.encode(event), now=NOW)


def after_now(seconds: float) -> datetime:
    return from_seconds(NOW) + timedelta(seconds=seconds)


@pytest.mark.parametrize("seconds", [-86_400.0, -1.0, 0.0])
def test_a_date_up_to_now_is_kept_as_it_is(seconds: float) -> None:
    outcome = created(after_now(seconds))
    assert isinstance(outcome, Decoded)
    assert (outcome.record.at, outcome.clamped) == (NOW + seconds, False)


@pytest.mark.parametrize("seconds", [0.001, 60.0, CLAMP_SECONDS_MAX])
def test_a_date_up_to_five_minutes_ahead_is_clamped_to_now_and_said_so(seconds: float) -> None:
    outcome = created(after_now(seconds))
    assert isinstance(outcome, Decoded)
    assert (outcome.record.at, outcome.clamped) == (NOW, True)


@pytest.mark.parametrize("seconds", [CLAMP_SECONDS_MAX + 0.001, 86_400.0])
def test_a_date_further_ahead_is_refused(seconds: float) -> None:
    assert fault(created(after_now(seconds))) == ("future-date", "$.occurred_at")


def test_every_date_of_a_record_is_looked_at() -> None:
    outcome = decode_banned(a_ban(occurred_at=after_now(5), banned_at=after_now(9)), now=NOW)
    assert isinstance(outcome, Decoded)
    assert outcome.record.occurred_at == outcome.record.banned_at == from_seconds(NOW)


@pytest.mark.parametrize(
    "date", ["1989-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_date_before_1990_is_an_unset_one(date: str) -> None:
    assert fault(created(date)) == ("past-date", "$.occurred_at")


@pytest.mark.parametrize(
    "date",
    [
        "2026-03-01T09:30:00",  # whose time is it?
        "2026-03-01",
        "yesterday",
        "",
        "2026-02-30T00:00:00Z",
        "2026-03-01T24:00:01Z",
        "2026-03-01T23:59:60Z",
        "10000-01-01T00:00:00Z",
    ],
)
def test_what_is_not_rfc_3339_with_a_timezone_is_refused(date: str) -> None:
    assert fault(created(date)) == ("bad-date", "$.occurred_at")


@pytest.mark.parametrize("date", [1_772_357_400, 1.5, None, True, ["2026"]])
def test_numbers_are_no_dates(date: object) -> None:
    assert fault(created(date)) == ("wrong-type", "$.occurred_at")


def test_a_timezone_other_than_utc_is_the_same_moment() -> None:
    outcome = created("2026-03-01T14:30:00.5+05:00")
    assert isinstance(outcome, Decoded)
    assert outcome.record.at == datetime(2026, 3, 1, 9, 30, 0, 500_000, tzinfo=UTC).timestamp()
