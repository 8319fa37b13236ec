"""Files of accounts and bans: every line a record, or a fault with its address."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
import pytest

from cli.inputs.input_files import ACCOUNTS, InputLine, odd, read_accounts, read_bans, size
from schemas.accounts import AccountCreated
from schemas.malformed import Malformed
from schemas.wire import MESSAGE_BYTES_MAX, encode
from tests.cli.running import jsonl
from tests.makers import NOON, a_ban, a_sign_up

NOW = NOON.timestamp() + 3_600


def accounts(path: Path) -> list[InputLine[AccountCreated]]:
    return list(read_accounts(path, now=NOW, platform="x"))


def faults(lines: Iterable[InputLine[AccountCreated]]) -> list[tuple[str, str]]:
    return [(it.address, it.outcome.reason) for it in lines if isinstance(it.outcome, Malformed)]


def test_a_bad_line_has_its_address_and_the_next_one_is_read(tmp_path: Path) -> None:
    sign_up = a_sign_up(handle="umar")
    path = jsonl(tmp_path / "a.jsonl", sign_up, b"{", b"", sign_up)
    lines = accounts(path)
    assert faults(lines) == [(f"{path}:2", "not-json")]
    assert [it.outcome for it in lines if not isinstance(it.outcome, Malformed)] == [sign_up, sign_up]


def test_a_line_too_long_for_a_record_is_one_fault_and_not_memory(tmp_path: Path) -> None:
    sign_up = a_sign_up()
    path = jsonl(tmp_path / "a.jsonl", b"x" * (3 * MESSAGE_BYTES_MAX), sign_up)
    lines = accounts(path)
    assert faults(lines) == [(f"{path}:1", "too-large")]
    assert lines[1].address == f"{path}:2"
    assert lines[1].outcome == sign_up


def test_a_row_says_whether_it_has_a_name_and_a_date(tmp_path: Path) -> None:
    nameless, named = tmp_path / "n.csv", tmp_path / "m.csv"
    nameless.write_text("display_name\nUmar\n")
    named.write_text("\ufeffaccount_id,handle,occurred_at\n7,umar,2026-11-24T12:00:00Z\n", "utf-8")
    (row,) = accounts(nameless)
    assert (row.named, row.dated) == (False, False)
    (row,) = accounts(named)
    assert (row.named, row.dated) == (True, True)
    assert isinstance(row.outcome, AccountCreated)
    assert row.outcome.key == "x:7"


def test_a_bad_row_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("account_id,handle\n1,a\n2\n3,c\n")
    assert faults(accounts(path)) == [(f"{path}:row 2", "bad-row")]


@pytest.mark.parametrize("as_csv", [True, False])
def test_a_file_without_a_telling_name_is_known_by_its_beginning(tmp_path: Path, as_csv: bool) -> None:
    path = tmp_path / "export"
    path.write_bytes(b"account_id,handle\nnew,u\n" if as_csv else encode(a_sign_up("new", platform="x")))
    (line,) = accounts(path)
    assert isinstance(line.outcome, AccountCreated)
    assert line.outcome.key == "x:new"


def test_bans_are_read_as_bans(tmp_path: Path) -> None:
    ban = a_ban(handle="umar")
    (line,) = read_bans(jsonl(tmp_path / "b.jsonl", ban), now=NOW, platform="x")
    assert line.outcome == ban


def test_it_tells_how_far_it_has_read(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", a_sign_up(), a_sign_up())
    heard: list[int] = []
    list(read_accounts(path, now=NOW, platform="x", hear=heard.append))
    assert heard[-1] == size([path]) == path.stat().st_size


def test_a_file_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="No such file"):
        accounts(tmp_path / "gone.csv")


def oddities(path: Path) -> list[str]:
    return [it.removeprefix(f"{path}: ") for it in odd(path, ACCOUNTS)]


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf\n"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_an_empty_file_is_odd(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert oddities(tmp_path / name) == ["holds no records"]


def test_names_of_columns_without_rows_are_odd(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("handle,email\n\n")
    assert oddities(tmp_path / "a.csv") == ["holds no records"]


def test_columns_that_are_not_read_are_named_with_what_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("account_id;Handle;e_mail;family;banned_at\n7;u;a@b.org;3;\n")
    (told,) = oddities(path)
    assert told == (
        "4 columns not read: Handle (did you mean handle?), e_mail (did you mean email?), family, banned_at"
    )


def test_a_flood_of_columns_is_cut_and_harmless(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("handle," + ",".join(f"\x1b[31m{number}" for number in range(200)) + "\n" + "," * 200)
    (told,) = oddities(path)
    assert "\x1b" not in told
    assert told.endswith(" and 190 more")


def test_a_file_in_order_is_not_odd(tmp_path: Path) -> None:
    assert oddities(jsonl(tmp_path / "a.jsonl", a_sign_up())) == []
    (tmp_path / "a.csv").write_text("handle\numar\n")
    assert oddities(tmp_path / "a.csv") == []
