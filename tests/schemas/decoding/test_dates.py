"""Dates, and rows of CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas import examples
from schemas.decoding.dates import CLAMP_SECONDS_MAX, from_seconds
from schemas.malformed import Malformed
from schemas.mapping.csvrows import CsvRow, banned_from_csv, created_from_csv
from schemas.wire import Decoded, decode_banned, decode_created
from tests.schemas.makers import NOW, a_ban, as_json, fault, left_out, record_of
from tests.tables import for_each

# Dates against the reader's clock.


def created(occurred_at: object) -> object:
    event = {**as_json(examples.CREATED_SMALLEST), "occurred_at": occurred_at}
    return decode_created(msgspec.json.encode(event), now=NOW)


def after_now(seconds: float) -> datetime:
    return from_seconds(NOW) + timedelta(seconds=seconds)


@for_each("seconds", [-86_400.0, -1.0, 0.0])
def test_a_date_up_to_now_is_kept_as_it_is(seconds: float) -> None:
    outcome = created(after_now(seconds))
    assert isinstance(outcome, Decoded)
    assert (outcome.record.at, outcome.clamped) == (NOW + seconds, False)


@for_each("seconds", [0.001, 60.0, CLAMP_SECONDS_MAX])
def test_a_date_up_to_five_minutes_ahead_is_clamped_to_now_and_said_so(seconds: float) -> None:
    outcome = created(after_now(seconds))
    assert isinstance(outcome, Decoded)
    assert (outcome.record.at, outcome.clamped) == (NOW, True)


@for_each("seconds", [CLAMP_SECONDS_MAX + 0.001, 86_400.0])
def test_a_date_further_ahead_is_refused(seconds: float) -> None:
    assert fault(created(after_now(seconds))) == ("future-date", "$.occurred_at")


def test_every_date_of_a_record_is_looked_at() -> None:
    outcome = decode_banned(a_ban(occurred_at=after_now(5), banned_at=after_now(9)), now=NOW)
    assert isinstance(outcome, Decoded)
    assert outcome.record.occurred_at == outcome.record.banned_at == from_seconds(NOW)


@for_each("date", ["1989-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_date_before_1990_is_an_unset_one(date: str) -> None:
    assert fault(created(date)) == ("past-date", "$.occurred_at")


@for_each(
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


@for_each("date", [1_772_357_400, 1.5, None, True, ["2026"]])
def test_numbers_are_no_dates(date: object) -> None:
    assert fault(created(date)) == ("wrong-type", "$.occurred_at")


def test_a_timezone_other_than_utc_is_the_same_moment() -> None:
    outcome = created("2026-03-01T14:30:00.5+05:00")
    assert isinstance(outcome, Decoded)
    assert outcome.record.at == datetime(2026, 3, 1, 9, 30, 0, 500_000, tzinfo=UTC).timestamp()


# CSV files: the same records, the same limits, and one bad row never spoils the next.


def accounts(text: str | bytes, *, platform: str = "x") -> list[CsvRow[Any]]:
    raw = text.encode() if isinstance(text, str) else text
    return list(created_from_csv(io.BytesIO(raw), now=NOW, platform=platform))


def bans(text: str) -> list[CsvRow[Any]]:
    return list(banned_from_csv(io.BytesIO(text.encode()), now=NOW, platform="x"))


def test_a_list_of_names_is_enough() -> None:
    first, second = accounts("display_name\nNorthwind Media\nUmar Media\n")
    assert (first.number, record_of(first.outcome).key) == (1, "x:1")
    record = record_of(second.outcome)
    assert (record.key, record.event_id, record.account.display_name) == ("x:2", "row-2", "Umar Media")
    assert (record.at, second.dated) == (NOW, False)


def test_columns_come_in_any_order_and_others_are_counted() -> None:
    (row,) = accounts("family,handle,account_id,platform,note\n7,umar_media,u1,telegram,hello\n")
    assert isinstance(row.outcome, Decoded)
    assert row.outcome.unknown_fields == 2
    assert (row.outcome.record.key, row.outcome.record.account.handle) == ("telegram:u1", "umar_media")


def test_an_empty_cell_is_an_absent_field() -> None:
    (row,) = accounts("account_id,handle,email\nu1,,\n")
    assert record_of(row.outcome).account.given == ()


def test_when_the_platform_made_an_account_is_a_column_of_either_list() -> None:
    lists = "account_id,created_at\nu1,2019-03-02T07:00:00Z\nu2,last spring\n"
    for first, second in (accounts(lists), bans(lists)):
        assert record_of(first.outcome).account.created_at == datetime(2019, 3, 2, 7, tzinfo=UTC)
        assert record_of(second.outcome).account.created_at is None
        assert left_out(second.outcome) == (("created_at", "bad-date"),)


def test_a_word_like_null_is_a_name_like_any_other() -> None:
    (row,) = accounts("handle,display_name\nnull,1e5\n")
    account = record_of(row.outcome).account
    assert (account.handle, account.display_name) == ("null", "1e5")


def test_a_file_that_names_its_accounts_names_all_of_them() -> None:
    (row,) = accounts("account_id,handle\n,umar_media\n")
    assert fault(row.outcome) == ("missing-field", "$.account.account_id")


def test_links_are_separated_by_spaces() -> None:
    (row,) = accounts('handle,links\na,"t.me/a  https://example.org/b"\n')
    assert record_of(row.outcome).account.links == ("t.me/a", "https://example.org/b")


def test_a_picture_is_given_by_its_hash() -> None:
    pdq = "0f" * 32
    (row,) = accounts(f"handle,avatar_pdq,avatar_quality\na,{pdq},90\n")
    avatar = record_of(row.outcome).account.avatar
    assert (avatar.pdq, avatar.quality) == (pdq, 90)
    (row,) = accounts(f"handle,avatar_pdq,avatar_quality\na,{pdq},good\n")
    assert left_out(row.outcome) == (("avatar", "wrong-type"),)
    (row,) = accounts(f"handle,avatar_pdq\na,{pdq}\n")
    assert left_out(row.outcome) == (("avatar", "incomplete"),)


def test_a_ban_can_be_written_out_in_full() -> None:
    (row,) = bans(
        "account_id,handle,banned_at,policy,queue,expires_at,basis_authority,basis_reference\n"
        "2201,northwind_media,2026-03-01T09:30:00Z,violent-extremism,extremism,2027-03-01T09:30:00Z,UN,QDe.000\n"
    )
    ban = record_of(row.outcome)
    for name in ("banned_at", "policy", "queue", "expires_at", "basis"):
        assert getattr(ban, name) == getattr(examples.BANNED, name)


def test_a_ban_occurred_when_it_began_so_that_an_old_list_overrides_nothing_newer() -> None:
    dated, undated = bans("handle,banned_at\na,2026-03-01T09:30:00Z\nb,\n")
    assert record_of(dated.outcome).at == record_of(dated.outcome).banned_at.timestamp()
    assert (record_of(undated.outcome).banned_at, record_of(undated.outcome).at) == (None, NOW)
    assert (dated.dated, undated.dated) == (True, False)


def test_an_event_that_tells_its_time_keeps_it() -> None:
    (row,) = accounts("handle,occurred_at\na,2026-03-01T09:30:00Z\n")
    assert record_of(row.outcome).occurred_at == examples.BANNED.occurred_at
    assert row.dated


def test_columns_of_bans_mean_nothing_for_accounts() -> None:
    (row,) = accounts("handle,banned_at,policy\na,never,two words\n")
    assert isinstance(row.outcome, Decoded)
    assert (row.outcome.unknown_fields, row.dated) == (2, False)


@for_each(
    ("row", "reason", "path"),
    [
        ("a,2026-03-01", "bad-date", "$.occurred_at"),
        ("a,2999-03-01T09:30:00Z", "future-date", "$.occurred_at"),
        ("a,1772357400", "bad-date", "$.occurred_at"),
        ("a", "bad-row", "$"),
        ("a,2026-03-01T09:30:00Z,b", "bad-row", "$"),
        ('"a"b,2026-03-01T09:30:00Z', "bad-row", "$"),
        ("x" * 200_000 + ",", "bad-row", "$"),
    ],
)
def test_a_bad_row_says_why_and_the_next_one_is_read(row: str, reason: str, path: str) -> None:
    bad, good = accounts(f"handle,occurred_at\n{row}\ngood,\n")
    assert (bad.number, fault(bad.outcome)) == (1, (reason, path))
    assert (good.number, record_of(good.outcome).account.handle) == (2, "good")


def test_a_cell_that_cannot_be_used_costs_itself_and_not_the_row() -> None:
    (row,) = bans(f"handle,banned_at,policy,device_id\n{'x' * 257},yesterday,two words,{'d' * 257}\n")
    ban = record_of(row.outcome)
    assert (ban.account.handle, ban.banned_at, ban.policy, ban.account.device_id) == (
        "x" * 256,
        None,
        None,
        None,
    )
    assert left_out(row.outcome) == (
        ("handle", "too-long"),
        ("device_id", "too-long"),
        ("banned_at", "bad-date"),
        ("policy", "bad-format"),
    )


def test_a_ban_whose_end_cannot_be_read_is_refused_here_too() -> None:
    (row,) = bans("handle,expires_at\numar,some day\n")
    assert fault(row.outcome) == ("bad-date", "$.expires_at")


def test_bytes_that_are_not_utf8_spoil_their_own_row_alone() -> None:
    good, bad, other = accounts(b"handle\numar\n\xff\xfe\nkarim\n")
    assert fault(bad.outcome) == ("not-utf8", "$")
    assert record_of(good.outcome).account.handle == "umar"
    assert (other.number, record_of(other.outcome).account.handle) == (3, "karim")


def test_a_quote_that_never_closes_is_a_fault_and_not_an_endless_loop() -> None:
    (row,) = accounts('handle\n"umar\nkarim\n')
    assert fault(row.outcome) == ("bad-row", "$")


def test_spreadsheets_byte_order_mark_and_line_ends_are_no_part_of_it() -> None:
    (row,) = accounts("\ufeffhandle\r\numar\r\n\r\n")
    assert record_of(row.outcome).account.handle == "umar"


@for_each(
    ("text", "reason"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("name;mail\na;b\n", "missing-field"),
        ("handle,handle\na,b\n", "bad-row"),
        ('"handle', "bad-row"),
        (",".join(["handle", *(f"c{number}" for number in range(300))]), "too-many"),
    ],
)
def test_a_file_without_usable_names_is_one_fault(text: str, reason: str) -> None:
    (row,) = accounts(text)
    assert (row.number, fault(row.outcome)) == (0, (reason, "$"))


def test_a_date_a_little_ahead_is_clamped_here_too() -> None:
    soon = from_seconds(NOW + 60).isoformat()
    (row,) = accounts(f"handle,occurred_at\na,{soon}\n")
    assert isinstance(row.outcome, Decoded)
    assert (row.outcome.record.at, row.outcome.clamped) == (NOW, True)


@given(st.binary(max_size=200), st.sampled_from([b"", b"handle,email\n", b"\xef\xbb\xbfaccount_id\n"]))
def test_arbitrary_bytes_never_raise(rest: bytes, names: bytes) -> None:
    for row in (*accounts(names + rest), *banned_from_csv(io.BytesIO(names + rest), now=NOW, platform="x")):
        assert isinstance(row.outcome, Decoded | Malformed)


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), min_size=1, max_size=5
    )
)
def test_any_name_survives_the_file(names: list[str]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["display_name"], *([name] for name in names)])
    rows = accounts(text.getvalue())
    assert [record_of(row.outcome).account.display_name for row in rows] == names


@for_each("delimiter", [",", ";", "\t"])
def test_cells_are_separated_as_the_line_of_names_is(delimiter: str) -> None:
    lines = ("account_id|handle|bio", '7|umar_media|"a, b; c\td"')
    (row,) = accounts("\n".join(line.replace("|", delimiter) for line in lines) + "\n")
    account = record_of(row.outcome).account
    assert (account.account_id, account.handle, account.bio) == ("7", "umar_media", "a, b; c\td")


def test_a_name_with_a_semicolon_in_a_single_column_stays_one_name() -> None:
    (row,) = accounts("display_name\nUmar; Media\n")
    assert record_of(row.outcome).account.display_name == "Umar; Media"
