"""The figures: what a team can read, what was missing, and what another table makes of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import msgspec

from samehand.scoring.weights import default_weights
from tests.cli.commands.dry_run.makers import PERSON, a_platform
from tests.cli.running import Samehand
from tests.makers import NOON, a_sign_up


def test_capacity_says_from_which_probability_alerts_fit(samehand: Samehand, tmp_path: Path) -> None:
    mirrors = [a_sign_up(f"m{n}", at=NOON + timedelta(hours=n), **PERSON) for n in range(1, 25)]
    events, bans = a_platform(tmp_path, *mirrors)
    ran = samehand(
        "try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--capacity", 5, "--json"
    )
    capacity = ran.figures["capacity"]
    assert capacity["fitting"]["of"] == ran.figures["alerts"]["raised"] > 5
    assert capacity["fitting"]["alerts"] <= 5
    assert [it["alerts"] for it in capacity["thresholds"]] == sorted(
        (it["alerts"] for it in capacity["thresholds"]), reverse=True
    )


def test_another_table_of_weights_says_whom_it_alone_alerts(samehand: Samehand, tmp_path: Path) -> None:
    table = msgspec.json.decode(msgspec.json.encode(default_weights()))
    del table["signals"]["device"]["levels"]["same"]["u_of_bans"]
    for row in table["signals"]["device"]["levels"].values():
        row["m"], row["u"] = 0.5, 0.5
    table["version"], table["mirror_rate"] = "deaf to devices", 1e-25
    other = tmp_path / "other.json"
    other.write_text(json.dumps(table))
    events, bans = a_platform(tmp_path)
    ran = samehand(
        *("try", "--events", events, "--bans", bans, "--out", tmp_path / "out"), "--weights", other, "--json"
    )
    assert ran.code == 0, ran.err
    compared = ran.figures["compared"]
    assert (compared["only_a"], compared["only_b"]) == (1, 0)
    [lost] = compared["best_only_a"]
    assert lost["alert"]["account_id"] == "mirror"
    assert {"device"} <= {row["signal"] for row in lost["rows"]}
    assert "deaf to devices" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_empty_fields_and_silent_signals_are_named(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert {"phone", "ip", "payment_token"} <= set(ran.figures["fields"]["created"]["empty"])
    assert {"phone", "payment", "network", "avatar"} <= set(ran.figures["signals"]["silent"])
    assert "device" not in ran.figures["signals"]["silent"]
