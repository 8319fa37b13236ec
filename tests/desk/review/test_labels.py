"""What counts as a label is the same of a topic and of a database."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace as replaced
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from desk.database import verdicts
from desk.database.engine import Database
from desk.review.arrivals import Arrivals
from desk.review.weighing import labels as weighing
from desk.review.weighing.labels import ELSEWHERE, judged, label, labels
from samehand.scoring.evidence import SHARED
from samehand.scoring.learn import ALL_CHANCE
from samehand.scoring.rivals import RIVALS
from samehand.scoring.weights import default_weights
from schemas.alerts import RivalShare
from schemas.revisions import by_time
from schemas.verdicts import VerdictGiven
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import an_office
from tests.desk_databases import on_each_database
from tests.makers import NOON, a_verdict
from tests.tables import for_each

SHIPPED = default_weights()


def said(alert: int, verdict: Any, minutes: int, **given: Any) -> VerdictGiven:
    words = {"blind": True, "verdict_id": f"v{alert}-{minutes}", **given}
    return replace(
        a_verdict(f"alert-{alert}", verdict), decided_at=NOON + timedelta(minutes=minutes), **words
    )


MADE_AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECONDS = by_time(MADE_AT.timestamp())

HISTORY = (
    said(0, "mirror", 1),
    said(1, "mirror", 1),
    said(1, "not_mirror", 2),  # a second reader
    said(2, "mirror", 1),
    said(2, "not_mirror", 2, blind=False),  # overruled
    said(3, "mirror", 1),
    said(3, "mirror", 2, blind=False),  # agreed with
    said(4, "unsure", 1),
    said(5, "mirror", 1, golden=True),
    said(6, "mirror", 1),  # of which no alert is known
    said(7, "mirror", 1, blind=False),
    said(8, "not_mirror", 1),  # of another table
    said(9, "not_mirror", 1, revision=2),  # of a revision that is there no more
    said(10, "not_mirror", 1),  # withdrawn for that verdict
    said(11, "mirror", 1),  # withdrawn as it was changed meanwhile
    said(12, "mirror", 1, revision=SECONDS),  # withdrawn years after it was read
    said(13, "mirror", 1, revision=SECONDS - 1),  # of lines that were replaced before it was withdrawn
)
LABELS = {"alert-0": True, "alert-1": False, "alert-3": True, "alert-10": False, "alert-12": True}
LATER: dict[int, dict[str, Any]] = {
    10: {"revision": 2, "status": "withdrawn", "withdrawn_reason": "verdict"},
    11: {"revision": 3, "status": "withdrawn", "withdrawn_reason": "reinstated"},
    12: {
        "revision": 2 * SECONDS,
        "status": "withdrawn",
        "withdrawn_reason": "verdict",
        "detected_at": MADE_AT,
    },
    13: {
        "revision": 2 * SECONDS,
        "status": "withdrawn",
        "withdrawn_reason": "verdict",
        "detected_at": MADE_AT,
    },
}


@on_each_database
async def test_the_desk_learns_from_what_the_command_learns_from(database: Database) -> None:
    alerts = [
        an_alert(
            a_reason(),
            alert_id=f"alert-{number}",
            account_id=f"new-{number}",
            weights_version="older" if number == 8 else SHIPPED.version,
            **LATER.get(number, {}),
        )
        for number in range(14)
        if number != 6
    ]
    by_topic: Counter[str] = Counter()
    shuffled = random.Random(1).sample(HISTORY, len(HISTORY))
    of_topic = labels(alerts, judged(shuffled, by_topic), SHIPPED, by_topic)
    office = an_office(database)
    async with database.begin() as connection:
        for number, one in enumerate(HISTORY):
            await Arrivals(connection, office.desk.policy, office.clock()).take_verdict(one, f"v{number}")
    async with database.read() as connection:
        rows = await verdicts.of_judged_blind(connection, until=office.clock() + 3_600, limit=100)
    by_database: Counter[str] = Counter()
    of_database = labels(alerts, judged(rows, by_database), SHIPPED, by_database)
    assert {it.reader for it in of_database.values()} == {ELSEWHERE}, "its sender names the readers"
    assert {one: replaced(it, reader=ELSEWHERE) for one, it in of_topic.items()} == of_database
    assert {one: it.mirror for one, it in of_topic.items()} == LABELS
    told = {"overruled": 1, "unsure": 1, "no such alert": 4, "other weights": 1}
    assert {reason: by_topic[reason] for reason in told} == told
    assert {reason: by_database[reason] for reason in told} == told


def test_what_a_crowd_takes_from_a_line_is_of_the_same_row() -> None:
    lines = (a_reason("email", 9.0, level="same-domain"), a_reason("email", -2.0, level=SHARED))
    assert label(an_alert(*lines), mirror=False).weights == {"email.same-domain": 7.0}


def test_a_label_has_the_shares_that_its_alert_names_whatever_their_order() -> None:
    named = {"copier": 0.5, "household": 0.3, "twin": 0.2}  # twin: of a later release
    told = tuple(RivalShare(name=name, share=share, sentence="…") for name, share in named.items())
    shares = label(an_alert(rivals=told), mirror=False).shares
    assert dict(zip([it.name for it in RIVALS], shares, strict=True)) == {
        **{it.name: 0.0 for it in RIVALS},
        "copier": 0.5,
        "household": 0.3,
    }
    assert label(an_alert(), mirror=False).shares == ALL_CHANCE, "of a former release"


async def test_a_database_tells_of_the_alerts_that_were_judged_last_and_no_later_than_asked(
    database: Database,
) -> None:
    office = an_office(database)
    async with database.begin() as connection:
        for number, one in enumerate(HISTORY):
            await Arrivals(connection, office.desk.policy, office.clock()).take_verdict(one, f"v{number}")
        await verdicts.undo(connection, ["v0"], now=office.clock())
    noon = office.clock()
    async with database.read() as connection:
        found = await verdicts.of_judged_blind(connection, until=noon + 3_600, limit=1)
        assert {row.alert_id for row in found} == {"alert-1"}, "judged blind last"
        found = await verdicts.of_judged_blind(connection, until=noon + 60, limit=100)
        assert {row.decided_at for row in found} == {noon + 60}
        assert "alert-0" not in {row.alert_id for row in found}, "undone"
        assert "alert-5" not in {row.alert_id for row in found}, "an exercise"
        assert await verdicts.of_judged_blind(connection, until=noon, limit=100) == []


@for_each("held", [True, False])
def test_what_a_rule_held_back_says_nothing(held: bool) -> None:
    lines = [a_reason(), *([a_reason("rule", -1.0)] if held else [])]
    alert = an_alert(*lines, alert_id="alert-0", weights_version=SHIPPED.version)
    left_out: Counter[str] = Counter()
    found = labels([alert], {"alert-0": said(0, "mirror", 1)}, SHIPPED, left_out)
    assert (len(found), left_out["held by a rule"]) == (0, 1) if held else (1, 0)


def test_verdicts_beyond_the_cap_are_counted_and_known_ones_still_renewed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weighing, "VERDICTS_MAX", 1)
    left_out: Counter[str] = Counter()
    later = said(0, "not_mirror", 3)
    assert judged([said(0, "mirror", 1), said(1, "mirror", 2), later], left_out) == {"alert-0": later}
    assert left_out == {"too many": 1}
