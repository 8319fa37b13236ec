"""A dry run as a person starts it: what it says, what it leaves, and what it refuses."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.cli.commands.dry_run.makers import PERSON, a_platform
from tests.cli.running import Samehand
from tests.makers import NOON, a_ban, a_sign_up


def report_of(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "report.json").read_text("utf-8"))
    return found


def test_a_mirror_among_strangers_is_told_with_its_reasons(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    assert ran.figures["alerts"]["raised"] == 1
    assert ran.figures["events"]["kinds"]["created"] == 11
    [best] = ran.figures["best"]
    assert (best["account_id"], best["matched"]["account_id"]) == ("mirror", "banned")
    assert "telegram:mirror" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_what_it_tells_people_is_what_it_tells_programs(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    shown = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out")
    report = report_of(tmp_path / "out")["report"]
    assert f"11 sign-ups and 1 ban: {report['alerts']['likely']} likely" in shown.out
    assert "open it in a browser." in shown.out


def test_the_same_input_has_the_same_report_to_the_byte(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    left = []
    for name in ("one", "two"):
        samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / name)
        html = (tmp_path / name / "report.html").read_bytes()
        left.append((html, json.dumps(report_of(tmp_path / name)["report"])))
    assert left[0] == left[1]
    assert set(report_of(tmp_path / "one")) == {"report"}  # times stand apart, on the terminal alone


def test_no_personal_value_is_in_what_it_leaves(samehand: Samehand, tmp_path: Path) -> None:
    secret = {"email": "zq.hidden@example.org", "phone": "+923001234567", "ip": "39.40.12.77"}
    events, bans = a_platform(
        tmp_path,
        a_sign_up("mirror", at=NOON + timedelta(hours=1), **{**PERSON, **secret}),
        bans=(a_ban("banned", **{**PERSON, **secret}),),
    )
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    left = "".join(path.read_text("utf-8") for path in (tmp_path / "out").rglob("*.*")) + ran.out + ran.err
    assert ran.figures["alerts"]["raised"] == 1
    for value in ("zq.hidden", "3001234567", "39.40.12.77", PERSON["device_id"]):
        assert value not in left
