"""`samehand learn` takes blind verdicts and their alerts, proposes a table, and says what it left out."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from cli.exit_codes import BAD_INPUT, DONE
from desk.review.weighing.adopted import as_sent
from samehand.scoring.adjust import adjustment_of
from samehand.scoring.learn import learn as learn_from
from samehand.scoring.weights import default_weights, read_weights
from schemas.alerts import MirrorAlert
from schemas.internal.weights import WeightsAdopted
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import encode
from streams.kafka import topics
from streams.kafka.client import writer
from streams.settings import load
from tests.cli.running import Samehand, jsonl
from tests.desk.makers import a_reason, an_alert
from tests.makers import a_verdict
from tests.samehand.scoring.test_learn import verdicts

WEIGHED = {("handle", "same"): 8.0, ("device", "same"): 3.0, ("email", "different"): -1.0}


def an_alert_of(number: int, *, held: bool = False, **given: object) -> MirrorAlert:
    """An alert whose lines scatter about what its signals weigh."""
    chance = random.Random(number)
    lines = [
        a_reason(signal, weight + chance.uniform(-2, 2), level=level)
        for (signal, level), weight in WEIGHED.items()
    ]
    if held:
        lines.append(a_reason("rule", -1.0))
    words = {"alert_id": f"alert-{number}", "weights_version": default_weights().version, **given}
    return an_alert(*lines, prior=-9.0, **words)


def blind(number: int, verdict: Verdict) -> VerdictGiven:
    return replace(a_verdict(f"alert-{number}", verdict), blind=True)


def judged(many: int) -> list[VerdictGiven]:
    """Verdicts of somebody for whom the device alone decides."""
    verdicts = []
    for number in range(many):
        device = next(line.weight for line in an_alert_of(number).evidence if line.signal == "device")
        verdicts.append(blind(number, "mirror" if device > 3.0 else "not_mirror"))
    return verdicts


def test_it_proposes_a_table_and_adopts_nothing(samehand: Samehand, tmp_path: Path) -> None:
    alerts = jsonl(tmp_path / "alerts.jsonl", *(an_alert_of(number) for number in range(200)))
    verdicts = jsonl(tmp_path / "verdicts.jsonl", *judged(200))
    out = tmp_path / "proposed.json"
    ran = samehand("learn", "--verdicts", verdicts, "--alerts", alerts, "--out", out, "--json")
    assert (ran.code, ran.err) == (DONE, "")
    assert (ran.figures["labels"], ran.figures["calibration"], ran.figures["better"]) == (200, "platt", True)
    assert ran.figures["multipliers"]["device.same"] > 1.03
    proposed = read_weights(out.read_bytes())
    assert proposed.version == ran.figures["version"]
    assert proposed.multipliers["device.same"] == pytest.approx(
        ran.figures["multipliers"]["device.same"], abs=1e-4
    )
    assert set(default_weights().multipliers.values()) == {1.0}


def test_what_says_nothing_is_left_out_and_counted(samehand: Samehand, tmp_path: Path) -> None:
    made = [an_alert_of(number) for number in range(100)]
    odd = [an_alert_of(100, held=True), an_alert_of(101, weights_version="older"), an_alert_of(102)]
    more = [
        blind(100, "mirror"),
        blind(101, "mirror"),
        blind(102, "unsure"),
        blind(103, "mirror"),
        a_verdict("alert-1", "mirror"),
    ]
    ran = samehand(
        "learn",
        *("--verdicts", jsonl(tmp_path / "verdicts.jsonl", *judged(100), *more, b"{")),
        *("--alerts", jsonl(tmp_path / "alerts.jsonl", *made, *odd, b"[]")),
        "--json",
    )
    assert ran.code == DONE
    assert ran.figures["labels"] == 100
    assert ran.figures["left_out"] == {
        "held by a rule": 1,
        "no such alert": 1,
        "not blind": 1,
        "other weights": 1,
        "unsure": 1,
    }
    assert ran.figures["bad_records"] == len(ran.err.splitlines()) == 2


def test_the_later_of_two_verdicts_counts(samehand: Samehand, tmp_path: Path) -> None:
    long_ago = datetime(2025, 3, 1, tzinfo=UTC)  # what lies ahead of the clock is read as now
    verdicts = [replace(one, decided_at=long_ago) for one in judged(60)]
    later = replace(verdicts[0], verdict="unsure", decided_at=long_ago + timedelta(hours=1))
    alerts = jsonl(tmp_path / "alerts.jsonl", *(an_alert_of(number) for number in range(60)))
    ran = samehand(
        "learn",
        *("--verdicts", jsonl(tmp_path / "verdicts.jsonl", later, *verdicts), "--alerts", alerts, "--json"),
    )
    assert (ran.figures["labels"], ran.figures["left_out"]) == (59, {"unsure": 1})


def test_people_are_told_what_changed_and_how_to_adopt_it(samehand: Samehand, tmp_path: Path) -> None:
    alerts = jsonl(tmp_path / "alerts.jsonl", *(an_alert_of(number) for number in range(200)))
    verdicts = jsonl(tmp_path / "verdicts.jsonl", *judged(200))
    ran = samehand("learn", "--verdicts", verdicts, "--alerts", alerts, "--out", tmp_path / "new.json")
    assert "device.same " in ran.out
    assert "SAMEHAND_WEIGHTS=" in ran.out


def test_too_few_verdicts_are_one_line(samehand: Samehand, tmp_path: Path) -> None:
    alerts = jsonl(tmp_path / "alerts.jsonl", an_alert_of(1))
    verdicts = jsonl(tmp_path / "verdicts.jsonl", blind(1, "mirror"))
    ran = samehand("learn", "--verdicts", verdicts, "--alerts", alerts)
    assert ran.code == BAD_INPUT
    assert "1 mirrors and 0 other pairs were judged blind" in ran.err


def test_one_kind_of_file_alone_is_no_question(samehand: Samehand, tmp_path: Path) -> None:
    verdicts = jsonl(tmp_path / "verdicts.jsonl", blind(1, "mirror"))
    ran = samehand("learn", "--verdicts", verdicts)
    assert "give both --verdicts and --alerts" in ran.err
    assert ran.code != DONE


def test_what_was_overruled_later_and_golden_items_teach_nothing(samehand: Samehand, tmp_path: Path) -> None:
    alerts = jsonl(tmp_path / "alerts.jsonl", *(an_alert_of(number) for number in range(100)))
    given = judged(100)
    first = given[0]
    other: Verdict = "not_mirror" if first.verdict == "mirror" else "mirror"
    appeal = replace(
        first,
        blind=False,
        verdict=other,
        decided_at=first.decided_at + timedelta(days=1),
        verdict_id="appeal",
    )
    agreed = replace(given[1], blind=False, decided_at=appeal.decided_at)
    golden = replace(given[2], golden=True, verdict="unsure", decided_at=appeal.decided_at)
    verdicts = jsonl(tmp_path / "verdicts.jsonl", appeal, *given, *given[:9], agreed, golden)
    ran = samehand("learn", "--verdicts", verdicts, "--alerts", alerts, "--json")
    assert ran.code == DONE
    assert ran.figures["labels"] == 99
    assert ran.figures["left_out"] == {"golden": 1, "not blind": 2, "overruled": 1}


def test_what_the_topics_hold_was_weighed_by_what_was_adopted(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    learned = learn_from(verdicts(400, {"device.same": 0.4}), default_weights()).weights
    adopted = WeightsAdopted(
        stage="live", number=2, adjustment=as_sent(adjustment_of(learned, default_weights()))
    )
    settings = load()
    called = topics.names(settings)
    topics.check(settings, [*topics.wanted(settings), *topics.wanted_by_desk(settings)], create=True)
    alerts = [an_alert_of(number, weights_version=learned.version) for number in range(60)]
    with writer(settings) as out:
        for topic, record in (
            (called.weights, adopted),
            (called.weights, replace(adopted, number=1, adjustment=None)),  # an earlier one that comes late
            *((called.alerts, alert) for alert in alerts),
            *((called.verdicts, verdict) for verdict in judged(60)),
        ):
            out.send(topic, key=b"k", value=encode(record), headers=[])
    ran = samehand("learn", "--out", tmp_path / "next.json", "--json")
    assert (ran.code, ran.figures["labels"]) == (DONE, 60)
    proposed = read_weights((tmp_path / "next.json").read_bytes())
    ratio = proposed.multipliers["device.same"] / learned.multipliers["device.same"]
    assert ratio == pytest.approx(ran.figures["multipliers"]["device.same"], abs=1e-3)
    ran = samehand(
        "learn",
        "--weights",
        jsonl(tmp_path / "shipped.json", msgspec.json.encode(default_weights())),
        "--json",
    )
    assert "other weights" in ran.err
