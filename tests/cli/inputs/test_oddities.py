"""What is odd or unusable in a file, told by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.inputs.input_errors import TOLD_MAX, fault_line, tell_faults
from cli.inputs.row_ids import ROW_OF_ACCOUNTS, ROW_OF_BANS, by_number, within_run
from samehand.alert_id import alert_id
from schemas.alerts import Matched
from schemas.malformed import Malformed
from streams.outcomes import Dead
from tests.cli.running import Ran, Samehand, jsonl
from tests.desk.makers import an_alert
from tests.makers import a_ban, a_sign_up

# What is odd about files is told; with `--strict` nothing begins.


@pytest.fixture
def odd(tmp_path: Path) -> tuple[object, ...]:
    (tmp_path / "bans.csv").write_text("account_id,handle,mail\n1,umar,a@b.org\n")
    return "--bans", tmp_path / "bans.csv", "--accounts", jsonl(tmp_path / "a.jsonl", a_sign_up())


def test_a_warning_is_one_line_and_the_work_is_done(samehand: Samehand, odd: tuple[object, ...]) -> None:
    ran = samehand("score", *odd, "--json")
    assert (ran.code, ran.figures["accounts"]) == (0, 1)
    assert ran.err == f"warning: {odd[1]}: 1 column not read: mail (did you mean email?)\n"


def test_strict_makes_it_a_fault_before_anything_is_done(
    samehand: Samehand, odd: tuple[object, ...], tmp_path: Path
) -> None:
    ran = samehand("score", *odd, "--strict", "--out", tmp_path / "out.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == "samehand: --strict: 1 warning, so nothing was done"
    assert not (tmp_path / "out.jsonl").exists()
    empty = jsonl(tmp_path / "empty.jsonl")
    assert samehand("score", *odd[:2], "--accounts", empty, "--strict").code == 2


@pytest.mark.journey
def test_strict_publishes_nothing_of_the_files_that_are_in_order(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    (tmp_path / "good.csv").write_text("account_id,handle\n1,umar\n")
    (tmp_path / "empty.csv").write_text("")
    ran = samehand("enrol", tmp_path / "good.csv", tmp_path / "empty.csv", "--strict")
    assert (ran.code, ran.out) == (2, "")
    assert f"warning: {tmp_path / 'empty.csv'}: holds no records" in ran.err
    assert samehand("enrol", tmp_path / "good.csv", "--strict").code == 0


# Bad lines are told with their address, and a flood of them is cut.


def test_a_fault_says_where_and_why() -> None:
    fault = Malformed("missing-field", "$.account", "no account")
    assert fault_line("bans.jsonl:3", fault) == "bans.jsonl:3: missing-field at $.account: no account"
    assert fault_line("a:1", Dead("logic-fault")) == "a:1: logic-fault at $"


def test_a_flood_is_cut_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    tell_faults([(f"f:{line}", Malformed("not-json")) for line in range(TOLD_MAX + 7)])
    err = capsys.readouterr().err.splitlines()
    assert len(err) == TOLD_MAX + 1
    assert err[-1] == "… and 7 more bad lines"


# Row 5 of one file is not row 5 of another, and both are called 5 in the end.


def test_a_named_account_keeps_its_name() -> None:
    event = a_sign_up("7")
    assert within_run(event, ROW_OF_ACCOUNTS, named=True) is event


def test_an_alert_names_rows_by_their_numbers() -> None:
    alert = an_alert(
        account_id=f"{ROW_OF_ACCOUNTS}5",
        matched=Matched(platform="x", account_id=f"{ROW_OF_BANS}5", root_id=f"x:{ROW_OF_BANS}5"),
    )
    shown = by_number(alert)
    assert (shown.key, shown.matched.key, shown.matched.root_id) == ("x:5", "x:5", "x:5")
    assert shown.alert_id == alert_id("x:5", "x:5")
    assert shown.log_odds == alert.log_odds


def test_an_alert_between_named_accounts_is_left_alone() -> None:
    alert = an_alert()
    assert by_number(alert) is alert


# What means nothing in a file is told, by field and reason, and never quoted.


def test_an_address_and_a_number_that_are_none_are_counted(samehand: Samehand, tmp_path: Path) -> None:
    bans = jsonl(tmp_path / "bans.jsonl", a_ban(handle="umar", phone="0301 234"), a_ban(handle="b"))
    (tmp_path / "a.csv").write_text("account_id,handle,ip\n1,umar,nope\n2,b,nope\n")
    line = ("score", "--bans", bans, "--accounts", tmp_path / "a.csv")
    ran = samehand(*line)
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "ip: unreadable in 2 records, such as xxxx. One address a field: of a list such as X-Forwarded-For "
        "the first",
        "phone: unreadable in 1 record, such as 0••• •••. Phones need + and the country code, or a region: "
        "--region PK",
    ]
    rows = samehand(*line, "--json").figures["fields_unusable"]
    assert [(row["field"], row["reason"], row["records"]) for row in rows] == [
        ("ip", "unreadable", 2),
        ("phone", "unreadable", 1),
    ]


@pytest.mark.journey
def test_so_they_are_where_a_file_is_published_or_remembered(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    counted = [("email", 1, "xxxxxx")]

    def told(ran: Ran) -> list[tuple[str, int, str]]:
        return [(row["field"], row["records"], row["example"]) for row in ran.figures["fields_unusable"]]

    bans = jsonl(tmp_path / "bans.jsonl", a_ban(handle="umar", email="nobody"))
    assert told(samehand("enrol", bans, "--json")) == counted
    accounts = jsonl(tmp_path / "accounts.jsonl", a_sign_up(handle="umar", email="nobody"))
    assert told(samehand("remember", accounts, "--json")) == counted
