"""Which verdicts count as labels to learn from, and which rival explanation a reason names."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from desk.review import labels as weighing
from desk.review.labels import judged as judged_labels
from desk.review.labels import label, labels
from desk.review.reasons import REASONS, reasons_for, rival_of
from samehand.scoring.evidence import SHARED
from samehand.scoring.learn import ALL_CHANCE
from samehand.scoring.rivals import RATED, RIVALS
from samehand.scoring.weights import default_weights
from schemas.revisions import by_time
from schemas.verdicts import VerdictGiven
from tests.desk.makers import a_reason, a_rival, an_alert
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


def test_label_is_the_latest_blind_verdict_on_the_lines_that_were_judged() -> None:
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
    left_out: Counter[str] = Counter()
    shuffled = random.Random(1).sample(HISTORY, len(HISTORY))
    found = labels(alerts, judged_labels(shuffled, left_out), SHIPPED, left_out)
    assert {alert_id: it.mirror for alert_id, it in found.items()} == LABELS
    expected = {"overruled": 1, "unsure": 1, "no such alert": 4, "other weights": 1}
    assert {reason: left_out[reason] for reason in expected} == expected


def test_what_a_crowd_takes_from_a_line_is_of_the_same_row() -> None:
    lines = (a_reason("email", 9.0, level="same-domain"), a_reason("email", -2.0, level=SHARED))
    assert label(an_alert(*lines), mirror=False).weights == {"email.same-domain": 7.0}


def test_verdicts_beyond_the_cap_are_counted_and_known_ones_still_renewed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weighing, "VERDICTS_MAX", 1)
    left_out: Counter[str] = Counter()
    later = said(0, "not_mirror", 3)
    found = judged_labels([said(0, "mirror", 1), said(1, "mirror", 2), later], left_out)
    assert found == {"alert-0": later}
    assert left_out == {"too many": 1}


def test_a_label_has_the_part_of_each_reason_that_its_alert_names_whatever_their_order() -> None:
    taken, parts = math.log(4.0), {"copier": 0.5, "household": 0.3, "twin": 0.2}  # twin: of a later release
    told = tuple(a_rival(name, part * taken) for name, part in parts.items())
    reasons = [a_reason("rivals", -part * taken, level=name) for name, part in parts.items()]
    made = label(an_alert(*reasons, rivals=told), mirror=False)
    assert dict(zip([it.name for it in RIVALS], made.shares, strict=True)) == pytest.approx(
        {**{it.name: 0.0 for it in RIVALS}, "stranger": 0.25, "copier": 0.5 * 0.75, "household": 0.3 * 0.75}
    )
    assert made.weights["rivals.other-explanations"] == pytest.approx(-taken), "one row of the table"
    assert label(an_alert(), mirror=False).shares == ALL_CHANCE, "none is named"


@for_each("held", [True, False])
def test_what_a_rule_held_back_says_nothing(held: bool) -> None:
    lines = [a_reason(), *([a_reason("rule", -1.0)] if held else [])]
    alert = an_alert(*lines, alert_id="alert-0", weights_version=SHIPPED.version)
    left_out: Counter[str] = Counter()
    found = labels([alert], {"alert-0": said(0, "mirror", 1)}, SHIPPED, left_out)
    assert (len(found), left_out["held by a rule"]) == (0, 1) if held else (1, 0)


# Reasons name rival explanations by the words of the mind.


def test_a_dismissal_can_name_each_rival_that_has_a_rate_by_one_code() -> None:
    named = {reason.code: reason.rival for reason in REASONS if reason.rival is not None}
    assert named == {
        "common-name": "namesake",
        "shared-network": "neighbour",
        "fan-or-parody": "copier",
        "household": "household",
        "former-holder": "former-holder",
        "organisation": "colleague",
    }
    assert len(named) == len({*named.values()})
    assert {rival.name for rival in RATED} < {*named.values()} < {rival.name for rival in RIVALS}
    assert {reason.verdict for reason in REASONS if reason.rival} == {"not_mirror"}


def test_other_codes_and_a_platforms_own_name_no_rival() -> None:
    assert [rival_of(code) for code in ("common-name", "other-person", "several-traits", "our-own", "")] == [
        "namesake",
        None,
        None,
        None,
        None,
    ]


def test_each_verdict_has_a_digit_for_each_of_its_reasons() -> None:
    assert len({reason.code for reason in REASONS}) == len(REASONS)
    assert all(len(reasons_for(verdict)) <= 9 for verdict in ("mirror", "not_mirror", "unsure"))
