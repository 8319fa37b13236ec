"""What means nothing in a file is told, by field and reason, and never quoted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Samehand, jsonl
from tests.makers import a_ban, a_sign_up

UNREADABLE = "It has the right form and means nothing, such as `nope` for an address."


def test_an_address_and_a_number_that_are_none_are_counted(samehand: Samehand, tmp_path: Path) -> None:
    bans = jsonl(tmp_path / "bans.jsonl", a_ban(handle="umar", phone="x"), a_ban(handle="b"))
    (tmp_path / "a.csv").write_text("account_id,handle,ip\n1,umar,nope\n2,b,nope\n")
    line = ("score", "--bans", bans, "--accounts", tmp_path / "a.csv")
    ran = samehand(*line)
    assert ran.code == 0
    assert ran.err.splitlines() == [
        f"ip: unreadable in 2 records. {UNREADABLE}",
        f"phone: unreadable in 1 record. {UNREADABLE}",
    ]
    assert samehand(*line, "--json").figures["fields_unusable"] == {
        "ip": {"unreadable": 2},
        "phone": {"unreadable": 1},
    }


@pytest.mark.journey
def test_so_they_are_where_a_file_is_published_or_remembered(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    counted = {"email": {"unreadable": 1}}
    bans = jsonl(tmp_path / "bans.jsonl", a_ban(handle="umar", email="nobody"))
    assert samehand("enrol", bans, "--json").figures["fields_unusable"] == counted
    accounts = jsonl(tmp_path / "accounts.jsonl", a_sign_up(handle="umar", email="nobody"))
    assert samehand("remember", accounts, "--json").figures["fields_unusable"] == counted
