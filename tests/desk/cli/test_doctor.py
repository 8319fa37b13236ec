"""`samehand doctor`: what is wrong, and what to do."""

from __future__ import annotations

import pytest

from desk.cli import doctor
from desk.cli.findings import fine, wrong
from tests.desk.cli.running import Samehand


def test_what_is_wrong_is_marked_with_its_cure(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        doctor, "examine", lambda: [fine("settings", "valid"), wrong("Redis", "gone", "start it")]
    )
    ran = samehand("doctor")
    assert ran.code == 1
    assert ran.out == "✓ settings: valid\n✗ Redis: gone\n  → start it\n1 fault, 0 warnings\n"


def test_programs_get_the_same_as_json(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [fine("settings", "valid")])
    ran = samehand("doctor", "--json")
    assert ran.code == 0
    row = {"state": "fine", "about": "settings", "finding": "valid", "cure": ""}
    assert ran.figures == {"healthy": True, "findings": [row]}


def test_wrong_settings_end_the_examination(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEHAND_LIKELY", "2")
    ran = samehand("doctor")
    assert ran.code == 1
    assert "✗ SAMEHAND_LIKELY" in ran.out


def test_every_setting_is_listed(samehand: Samehand) -> None:
    ran = samehand("doctor", "--settings")
    assert ran.code == 0
    assert "SAMEHAND_KAFKA_BROKERS  (default: 127.0.0.1:9092)" in ran.out


@pytest.mark.journey
def test_a_fresh_installation_can_start(samehand: Samehand, servers: str) -> None:
    ran = samehand("doctor", "--json")
    assert [
        it for it in ran.figures["findings"] if it["state"] == "wrong" and it["about"] != "Redis memory"
    ] == []
