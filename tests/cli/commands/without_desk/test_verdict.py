"""``samehand alerts`` and ``samehand verdict``: judging without a desk."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from cli.main import run
from schemas.verdicts import VerdictGiven
from schemas.wire import encode
from streams.kafka import topics
from streams.kafka.client import writer
from streams.kafka.topics import names
from streams.settings import load
from tests.desk.makers import an_alert
from tests.makers import NOON

pytestmark = pytest.mark.journey


@pytest.fixture(autouse=True)
def alerted(servers: None) -> None:
    """Two alerts that wait, one of them told twice, and a record that nobody can read."""
    topics.check(load(), create=True)
    older = an_alert(alert_id="older", band="possible", probability=0.6)
    newer = an_alert(alert_id="newer", detected_at=NOON + timedelta(hours=1))
    with writer(load()) as out:
        for value in (encode(older), encode(newer), encode(newer), b"not json"):
            out.send(names(load()).alerts, key=b"x:new", value=value, headers=[]).get(timeout=60.0)


def told_by(capsys: pytest.CaptureFixture[str], *line: str) -> dict[str, object]:
    assert run([*line, "--json"]) == 0
    told: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return told


def listed(capsys: pytest.CaptureFixture[str], *options: str) -> list[dict[str, object]]:
    rows = told_by(capsys, "alerts", "list", *options)["alerts"]
    assert isinstance(rows, list)
    return rows


def waiting(capsys: pytest.CaptureFixture[str], *options: str) -> list[object]:
    return [row["alert_id"] for row in listed(capsys, *options)]


def test_an_alert_waits_until_a_verdict_holds_and_again_once_it_is_taken_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert waiting(capsys) == ["newer", "older"]
    assert waiting(capsys, "--band", "possible") == ["older"]
    told_by(capsys, "verdict", "newer", "not-mirror", "--reason", "common-name")
    assert waiting(capsys) == ["older"]
    assert waiting(capsys, "--all") == ["newer", "older"]
    [decided] = listed(capsys, "--decided")
    assert (decided["alert_id"], decided["verdict"]) == ("newer", "not_mirror")
    assert (decided["reason_code"], bool(decided["decided_at"])) == ("common-name", True)
    shown = told_by(capsys, "alerts", "show", "newer")["verdict"]
    assert isinstance(shown, dict)
    assert (shown["verdict"], shown["reason_code"]) == ("not_mirror", "common-name")
    assert shown["verdict_id"]
    told_by(capsys, "verdict", "newer", "unsure", "--reason", "appeal")
    assert waiting(capsys) == ["newer", "older"]
    assert waiting(capsys, "--decided") == []


def test_an_exercise_decides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    exercise = VerdictGiven(
        alert_id="newer",
        revision=1,
        verdict="mirror",
        reason_code="several-traits",
        reviewer="reviewer-7",
        decided_at=NOON + timedelta(hours=2),
        golden=True,
    )
    with writer(load()) as out:
        value = encode(exercise)
        out.send(names(load()).verdicts, key=b"newer", value=value, headers=[]).get(timeout=60.0)
    assert waiting(capsys) == ["newer", "older"]
    assert waiting(capsys, "--decided") == []


def test_what_is_not_there_or_no_code_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["alerts", "show", "no-such"]) == 1
    assert run(["verdict", "no-such", "mirror", "--reason", "x"]) == 1
    assert run(["verdict", "newer", "ban", "--reason", "x"]) == 2
    assert run(["alerts", "list", "--all", "--decided"]) == 2
    assert run(["verdict", "newer", "mirror", "--reason", "two words"]) == 2
    assert run(["verdict", "newer", "mirror", "--reason", "x", "--reviewer", "a\nb"]) == 2
    assert "Traceback" not in capsys.readouterr().err
