"""A replay as a test: the same events under other weights or settings, verdicts in their order."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from samehand.alert_id import alert_id
from samehand.scoring.weights import default_weights
from schemas.record import Record
from schemas.wire import encode
from tests.cli.commands.dry_run.makers import PERSON, strangers
from tests.cli.running import Samehand
from tests.house import ROOT
from tests.makers import NOON, a_ban, a_change, a_sign_up, a_verdict

PAGE = (ROOT / "docs/howto/trial.md").read_text("utf-8")
KNOWN = alert_id("telegram:mirror", "telegram:banned")


def kcat(path: Path, *records: tuple[str, Record]) -> Path:
    """What ``kcat -J`` prints of topics, one after the other."""
    lines = [
        {
            "topic": topic,
            "partition": 0,
            "offset": offset,
            "ts": int(NOON.timestamp() * 1_000),
            "key": getattr(record, "key", None),
            "payload": encode(record).decode(),
        }
        for offset, (topic, record) in enumerate(records)
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def an_hour(folder: Path, *more: tuple[str, Record]) -> Path:
    """A ban, its mirror an hour later, and strangers; the topics one after the other, as ``kcat`` reads."""
    mirror = a_sign_up("mirror", at=NOON + timedelta(hours=1), locale="ur-PK", **PERSON)
    return kcat(
        folder / "events.jsonl",
        *(("accounts.created", it) for it in (mirror, *strangers(5))),
        ("accounts.banned", a_ban("banned", **PERSON)),
        *more,
    )


def tried(samehand: Samehand, folder: Path, events: Path, *words: object) -> dict[str, Any]:
    ran = samehand("try", "--events", events, "--kcat", "--out", folder / "out", "--json", *words)
    assert ran.code == 0, ran.err
    return ran.figures


def test_changes_and_verdicts_come_in_their_order(samehand: Samehand, tmp_path: Path) -> None:
    changed = a_change("stranger-3", at=NOON + timedelta(hours=3), **PERSON)
    # The same mirror under another name: what was said of the first pair silences nothing of this one.
    said = replace(a_verdict(KNOWN, "not_mirror"), decided_at=NOON + timedelta(hours=2))
    figures = tried(
        samehand, tmp_path, an_hour(tmp_path, ("alerts.verdicts", said), ("accounts.updated", changed))
    )
    assert figures["events"]["kinds"]["updated"] == figures["events"]["verdicts"] == 1
    assert figures["alerts"]["directions"] == {"forward": 1, "lookback": 0, "update": 1}
    assert figures["alerts"]["taken_back"] == {"verdict": 1}


@pytest.mark.parametrize(("decided", "raised"), [(30, 0), (120, 1)])
def test_a_verdict_silences_what_comes_after_it_alone(
    samehand: Samehand, tmp_path: Path, decided: int, raised: int
) -> None:
    said = replace(a_verdict(KNOWN, "not_mirror"), decided_at=NOON + timedelta(minutes=decided))
    figures = tried(samehand, tmp_path, an_hour(tmp_path, ("alerts.verdicts", said)))
    assert figures["alerts"]["raised"] == raised


def test_a_later_verdict_opens_the_alert_again(samehand: Samehand, tmp_path: Path) -> None:
    first = replace(a_verdict(KNOWN, "not_mirror"), decided_at=NOON + timedelta(hours=2))
    second = replace(a_verdict(KNOWN, "mirror"), decided_at=NOON + timedelta(hours=5))
    events = an_hour(tmp_path, ("alerts.verdicts", second), ("alerts.verdicts", first))
    assert tried(samehand, tmp_path, events)["alerts"]["taken_back"] == {}


def test_other_settings_are_held_against_those_in_force(samehand: Samehand, tmp_path: Path) -> None:
    said = replace(a_verdict(KNOWN, "mirror"), decided_at=NOON + timedelta(hours=2))
    events, other = an_hour(tmp_path, ("alerts.verdicts", said)), tmp_path / "other.env"
    (tmp_path / "never").write_text("telegram:mirror\n")
    other.write_text(
        "# of production\nSAMEHAND_KAFKA_BROKERS=kafka:9092\n"
        f"export SAMEHAND_ALLOWLIST='{tmp_path / 'never'}'\n"
        'SAMEHAND_BANDS={"spam": {"likely": 0.999, "possible": 0.99}}\n'
    )
    line = ("try", "--events", events, "--kcat", "--out", tmp_path / "out", "--against", other, "--json")
    ran = samehand(*line)
    compared = ran.figures["compared"]
    assert (compared["only_a"], compared["only_b"], compared["both"]) == (1, 0, 0)
    assert compared["bands"]["policies"] == {"spam": {"likely": 0.999, "possible": 0.99}}
    assert compared["by_language"] == {"ur": {"both": 0, "only_a": 1, "only_b": 0}}
    assert compared["judged_a"] == {"mirror": 1}
    assert "a trial does not read SAMEHAND_KAFKA_BROKERS" in ran.err
    assert "of them 1 mirror." in samehand(*line[:-1]).out
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "SAMEHAND_ALLOWLIST=" in page
    assert samehand(*line, "--allow", 1).code == 0
    assert samehand(*line, "--allow", 0).code == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SAMEHAND_LIKLY=0.9", "there is no setting SAMEHAND_LIKLY; did you mean SAMEHAND_LIKELY?"),
        ("SAMEHAND_LIKELY=0.4", "SAMEHAND_POSSIBLE must not be above SAMEHAND_LIKELY"),
        ("SAMEHAND_LIKELY=high", "SAMEHAND_LIKELY: "),
        ("likely = 0.9", "line 1: write SAMEHAND_NAME=VALUE"),
        ("# nothing yet", "names no setting by which a trial alerts"),
        ("{}", "is no table of weights"),
        ("\udcff", "neither a table of weights (JSON) nor a file of settings"),
    ],
)
def test_what_is_no_side_to_compare_with_is_one_line(
    samehand: Samehand, tmp_path: Path, text: str, why: str
) -> None:
    other = tmp_path / "other"
    other.write_bytes(text.encode("utf-8", "surrogateescape"))
    ran = samehand("try", "--events", an_hour(tmp_path), "--kcat", "--out", tmp_path, "--against", other)
    assert ran.code == 2
    assert "--against" in ran.err
    assert why in ran.err


def test_the_same_events_leave_the_same_bytes_whatever_the_hash_seed(
    samehand: Samehand, tmp_path: Path
) -> None:
    said = replace(a_verdict(KNOWN, "mirror"), decided_at=NOON + timedelta(hours=2))
    again = a_sign_up("again", at=NOON + timedelta(hours=4), **PERSON)
    events = an_hour(tmp_path, ("alerts.verdicts", said), ("accounts.created", again))
    other = tmp_path / "other.env"
    other.write_text("SAMEHAND_POSSIBLE=0.2\nSAMEHAND_LIKELY=0.7\n")
    line = ("try", "--events", events, "--kcat", "--against", other, "--out")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    assert samehand(*line, ours).code == 0  # by the seed of this process, which no other has
    ran = subprocess.run(
        [sys.executable, "-m", "cli", *map(str, line), str(theirs)],
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300.0,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    left = [{path.relative_to(out): path.read_bytes() for path in out.rglob("*.*")} for out in (ours, theirs)]
    assert left[0] == left[1]
    assert len(left[0]) > 5


def test_the_command_of_the_page_is_a_check(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    an_hour(tmp_path).rename("events.kcat.jsonl")
    Path("weights.json").write_bytes(msgspec.json.encode(default_weights()))
    [line] = re.findall(r"^samehand (try --events .*--against .*)$", PAGE, re.MULTILINE)
    ran = samehand(*line.split())
    assert ran.code == 0, ran.err
    assert "Under both: 1, 0 in another band." in ran.out


def test_other_commands_take_their_kind_out_of_the_same_file(samehand: Samehand, tmp_path: Path) -> None:
    events = an_hour(tmp_path, ("alerts.verdicts", a_verdict(KNOWN, "mirror")))
    figures = samehand("score", "--bans", events, "--accounts", events, "--kcat", "--json").figures
    assert (figures["accounts"], figures["bans"], figures["bad_rows"]) == (6, 1, 0)
    assert figures["alerts"]["likely"] == 1
