"""Doctor on settings and secrets."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.commands.doctor.settings import look_at_pepper, look_at_settings
from streams.settings import load


def test_a_wrong_setting_is_named_without_its_value() -> None:
    settings, (finding,) = look_at_settings({"SAMEHAND_LIKELY": "s3cret"})
    assert settings is None
    assert (finding.state, finding.about) == ("wrong", "SAMEHAND_LIKELY")
    assert "s3cret" not in repr(finding)


def test_a_mistyped_setting_is_answered_with_the_nearest() -> None:
    _, findings = look_at_settings({"SAMEHAND_REDIS_ULR": "x"})
    assert [(it.state, it.cure) for it in findings] == [
        ("fine", ""),
        ("warning", "did you mean SAMEHAND_REDIS_URL?"),
    ]


def test_a_missing_pepper_comes_with_how_to_make_one() -> None:
    peppers, (finding,) = look_at_pepper(load({}))
    assert peppers is None
    assert finding.state == "wrong"
    assert "samehand pepper new FILE" in finding.cure


def test_traces_are_looked_at_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    _, findings = look_at_settings({"SAMEHAND_TRACES_URL": "http://127.0.0.1:9/v1/traces"})
    assert [(it.state, it.about) for it in findings] == [("fine", "settings"), ("fine", "traces")]
    monkeypatch.setitem(sys.modules, "streams.telemetry.otel", None)
    _, findings = look_at_settings({"SAMEHAND_TRACES_URL": "http://127.0.0.1:9/v1/traces"})
    assert [it.state for it in findings] == ["fine", "wrong"]
    assert "samehand[tracing]" in findings[1].words


@pytest.mark.parametrize(
    ("mode", "states"), [(0o600, ["fine"]), (0o640, ["fine", "warning"]), (0o644, ["wrong"])]
)
def test_who_may_read_the_pepper_matters(pepper_file: Path, mode: int, states: list[str]) -> None:
    pepper_file.chmod(mode)
    _, findings = look_at_pepper(load({"SAMEHAND_PEPPER_FILE": str(pepper_file)}))
    assert [it.state for it in findings] == states
    secret = pepper_file.read_text().split()[-2]
    assert secret not in repr(findings)
