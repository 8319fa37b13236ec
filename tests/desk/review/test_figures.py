"""Verdicts of the database are weighed by how they came to be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from desk.database import alerts, reads
from desk.database.engine import Database
from desk.database.verdicts import JudgedRow
from desk.review.reports.figures import Class, judged, lead_figures
from desk.review.reports.statistics import latest, overall
from samehand.scoring.sampling import drawn
from schemas.alerts import Drawn
from tests.desk.makers import a_reason
from tests.desk.people import an_office, with_shares
from tests.desk_databases import on_each_database

ALERTS, MIRRORS_ALERTED = 800, 600
# of each stratum below the bands: pairs, mirrors among them, pairs of one event
BELOW = ((1_000, 100, 8), (4_000, 80, 1), (16_000, 16, 1))
RECALL = MIRRORS_ALERTED / (MIRRORS_ALERTED + sum(mirrors for _, mirrors, _ in BELOW))
EVENT_SHARE, BLIND_SHARE = 0.9, 0.5


def a_row(alert_id: str, *, mirror: bool = True, **given: Any) -> JudgedRow:
    """A verdict beside its alert, as the database tells them."""
    fields = {
        "verdict_id": f"verdict-{alert_id}",
        "alert_id": alert_id,
        "revision": 1,
        "reviewer": "ana",
        "kind": "first",
        "reason_code": "several-traits",
        "verdict": "mirror" if mirror else "not_mirror",
        "decided_at": 2.0,
        "detected_at": 1.0,
        "arrived_at": 1.0,
        "blind": True,
        "golden": False,
        "independent": True,
        "band": "likely",
        "sampled": None,
        "stratum": None,
        "direction": "forward",
        "script": "latin",
        "signals": "handle name",
        "seconds_to_detect": 60.0,
        "policy": None,
        "language": None,
        "basis": None,
        "platform": "telegram",
        "log_odds": 5.0,
        "alert_policy": "hate",
        **given,
    }
    return JudgedRow(**fields)


def laid_out(random: Random) -> Iterator[tuple[Class, Any]]:
    """What comes to be read blind of a population whose recall is known, by its class."""
    for number in range(ALERTS):
        if random.random() < BLIND_SHARE:
            yield ("likely", 0), a_row(f"alert-{number}", mirror=number < MIRRORS_ALERTED)
    for level, (pairs, mirrors, together) in enumerate(BELOW):
        order = random.sample(range(pairs), pairs)
        for first in range(0, pairs, together):
            if random.random() >= EVENT_SHARE:
                continue
            numbers = [random.random() for _ in range(together)]
            for place, probability in drawn([level] * together, numbers, EVENT_SHARE):
                mirror = order[first + place] < mirrors
                name = f"pair-{level}-{first + place}"
                yield (
                    ("none", level),
                    a_row(name, mirror=mirror, band="none", sampled=probability, stratum=level),
                )


def test_recall_is_that_of_the_population_though_half_of_the_sample_is_read() -> None:
    estimates = []
    for seed in range(12):
        random = Random(seed)
        there = list(laid_out(random))
        counted = Counter(each for each, _ in there)
        rows = [row for each, row in there if each[0] == "likely" or random.random() < 0.5]
        figures = overall(latest(judged(rows, blind_share=BLIND_SHARE, drawn=counted)))
        assert figures.recall is not None
        estimates.append(figures.recall)
    assert sum(one.value for one in estimates) / len(estimates) == pytest.approx(RECALL, abs=0.03)
    assert sum(one.low <= RECALL <= one.high for one in estimates) >= 10


def test_what_readers_were_unsure_of_is_stood_for_by_what_they_decided() -> None:
    rows = [a_row(f"n{n}", band="none", sampled=0.5, stratum=1) for n in range(30)]
    rows += [a_row(f"u{n}", band="none", sampled=0.5, stratum=1, verdict="unsure") for n in range(10)]
    found = judged(rows, blind_share=BLIND_SHARE, drawn={("none", 1): 60})
    assert {(one.stratum, one.drawn_with) for one in found} == {(1, 0.25)}


def test_what_was_not_found_as_the_account_came_says_nothing_of_recall() -> None:
    [one] = judged([a_row("a", direction="lookback")], blind_share=BLIND_SHARE)
    assert not one.forward


def test_leads_see_traits_scripts_and_the_time_to_detect() -> None:
    rows = [a_row(f"a{n}", script="arabic", seconds_to_detect=60.0 * n) for n in range(31)]
    rows += [a_row(f"b{n}", mirror=False, signals="device", seconds_to_detect=9e9) for n in range(29)]
    told = lead_figures(rows, {}, (), blind_share=BLIND_SHARE, now=3.0)
    assert (told.scripts["arabic"].alerts, told.scripts["latin"].alerts) == (31, 29)
    assert told.scripts["latin"].precision is None
    assert told.signals["name"].precision is not None
    assert told.signals["device"].precision is None
    assert (told.to_detect.times, told.to_detect.median_seconds) == (31, 900.0)
    twice = lead_figures([*rows, a_row("a0", mirror=False, decided_at=9.0)], {}, (), blind_share=0.5, now=9.0)
    assert twice.to_detect.times == 30


@on_each_database
async def test_rows_keep_what_figures_group_by_when_quotes_are_gone(database: Database) -> None:
    office = an_office(database, with_shares(blind_share=1.0))
    quoting = (a_reason("name", ours="عمر", theirs="عمر"), a_reason("device"))
    await office.receive(reasons=quoting, seconds_since_ban=60.0, seconds_since_event=1.0)
    await office.receive("below", sampled=0.25, band="none", drawn=Drawn(probability=0.25, stratum=2))
    bare = (a_reason("name"), a_reason("device"))
    await office.receive(reasons=bare, revision=2, status="withdrawn", withdrawn_reason="verdict")
    async with database.read() as connection:
        drawn_rows = await reads.drawn_blind(connection, since=0.0)
        found = {(one.band, bool(one.below), one.stratum): one.drawn for one in drawn_rows}
        assert found == {("likely", False, None): 1, ("none", True, 2): 1}
        row = await alerts.find(connection, "alert-1")
    assert row is not None
    assert (row.script, row.signals) == ("arabic", "device name")


def test_the_time_to_decide_is_that_of_each_alerts_first_decision() -> None:
    """Neither a take-back nor a second reading is one, and an exercise was found long ago."""
    day = 86_400.0
    rows = [a_row(f"alert-{number}", decided_at=1.0 + 60.0) for number in range(40)]
    rows += [a_row(f"alert-{number}", decided_at=9 * day, mirror=False) for number in range(40)]
    rows += [a_row(f"old-{number}", decided_at=90 * day, golden=True) for number in range(40)]
    told = lead_figures(rows, {}, [], blind_share=1.0, now=100 * day).to_decide
    assert (told.times, told.median_seconds) == (40, 60.0)
