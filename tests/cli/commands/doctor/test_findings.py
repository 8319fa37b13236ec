"""What the doctor finds in settings and weights."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.commands.doctor.findings import DoctorFinding, count, fine, warning, wrong
from cli.commands.doctor.kafka import of_adopted
from cli.commands.doctor.settings import look_at_pepper, look_at_settings
from samehand.scoring.adjust import table_digest
from samehand.scoring.weights import default_weights
from schemas.internal.weights import Multiplier, WeightsAdjustment, WeightsAdopted
from streams.settings import load
from tests.tables import for_each

# What doctor has to say, counted.


@for_each(
    ("findings", "said"),
    [
        ([fine("a", "b")], "All is well: a worker would start and be ready."),
        ([fine("a", "b"), warning("a", "b")], "A worker would start and be ready; 1 warning"),
        ([wrong("a", "b", "c"), warning("a", "b")], "1 fault, 1 warning"),
        ([wrong("a", "b", "c")] * 2, "2 faults, 0 warnings"),
    ],
)
def test_the_last_line_says_how_much_is_wrong(findings: list[DoctorFinding], said: str) -> None:
    assert count(findings) == said


# Doctor on settings and secrets.


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


# What was adopted on a table of a former release is set aside, and `doctor` says so.

SHIPPED = default_weights()


def adopted(number: int, base: str | None, digest: str = table_digest(SHIPPED)) -> WeightsAdopted:
    adjustment = None
    if base is not None:
        several = (Multiplier(signal="device", level="same", multiplier=0.9),)
        adjustment = WeightsAdjustment(
            base_version=base,
            base_digest=digest,
            weights_version="learned",
            multipliers=several,
            slope=1.0,
            intercept=0.0,
        )
    return WeightsAdopted(stage="live", number=number, adjustment=adjustment)


def test_what_was_learnt_on_a_former_table_is_told_until_it_is_taken_back() -> None:
    former, here = adopted(1, "2026-11-27.1"), adopted(2, SHIPPED.version)
    (finding,) = of_adopted(SHIPPED, [former])
    assert "learnt on the table 2026-11-27.1" in str(finding)
    (finding,) = of_adopted(SHIPPED, [adopted(1, SHIPPED.version, digest="")])
    assert "it is of a former release" in str(finding)
    assert of_adopted(SHIPPED, [former, here]) == []
    assert of_adopted(SHIPPED, [former, adopted(2, None)]) == []
    assert of_adopted(SHIPPED, [here, former]) == [], "an earlier decision that comes late"
