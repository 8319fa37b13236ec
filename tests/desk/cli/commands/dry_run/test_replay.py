"""Each event in its turn: looking back, bans that end, rows without a date, whatever the order of files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.desk.cli.commands.dry_run.makers import PERSON, a_platform, strangers
from tests.desk.cli.running import Samehand
from tests.makers import NOON, a_ban, a_sign_up


def test_files_in_another_order_have_the_same_alerts(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    backwards = tmp_path / "backwards.jsonl"
    backwards.write_bytes(b"".join(reversed(events.read_bytes().splitlines(keepends=True))))
    told = [
        samehand("try", "--events", it, "--bans", bans, "--out", tmp_path / "out", "--json").figures["best"]
        for it in (events, backwards)
    ]
    assert told[0] == told[1]


def test_an_account_that_was_there_before_the_ban_is_found_looking_back(
    samehand: Samehand, tmp_path: Path
) -> None:
    early = a_sign_up("prepared", at=NOON - timedelta(hours=3), **PERSON)
    events, bans = a_platform(tmp_path, early, *strangers(3))
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["directions"]["lookback"] == 1
    assert ran.figures["best"][0]["direction"] == "lookback"


def test_a_ban_that_ended_before_the_account_came_alerts_nobody(samehand: Samehand, tmp_path: Path) -> None:
    over = a_ban("banned", expires_at=NOON + timedelta(minutes=30), **PERSON)
    late = a_sign_up("mirror", at=NOON + timedelta(hours=3), **PERSON)
    events, bans = a_platform(tmp_path, late, bans=(over,))
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["raised"] == 0


def test_what_expired_later_was_taken_back(samehand: Samehand, tmp_path: Path) -> None:
    over = a_ban("banned", expires_at=NOON + timedelta(hours=2), **PERSON)
    mirror = a_sign_up("mirror", at=NOON + timedelta(hours=1), **PERSON)
    later = a_sign_up("later", at=NOON + timedelta(hours=9), handle="quite.another")
    events, bans = a_platform(tmp_path, mirror, later, bans=(over,))
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["raised"] == 1
    assert ran.figures["alerts"]["taken_back"] == {"ban-expired": 1}
    assert {line["ours"] for line in ran.figures["best"][0]["evidence"]} == {""}


def test_rows_without_a_date_are_judged_all_the_same(samehand: Samehand, tmp_path: Path) -> None:
    bans, events = tmp_path / "bans.csv", tmp_path / "events.csv"
    bans.write_text("handle,device_id\numar.media.channel,6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b\n")
    events.write_text("handle,device_id\numar.media.channel,6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b\nqwrt,\n")
    first, second = (
        samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json") for _ in "ab"
    )
    assert first.code == 0, first.err
    assert first.figures["alerts"]["raised"] == 1
    assert first.figures["events"]["without_a_date"] == 3
    assert first.figures["best"] == second.figures["best"]
