"""Figures, and reports of operations, of the team and to the public."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import repeat
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_struct
from sqlalchemy import insert, update

from desk.database import alerts, reads, schema
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.verdicts import JudgedRow
from desk.review.actions import take_action
from desk.review.deciding.decide import ReadDecision
from desk.review.reports import operations
from desk.review.reports.figures import Class, judged, lead_figures
from desk.review.reports.operations import AuthorityRequests, OperationsReport, operations_report
from desk.review.reports.statistics import (
    ANSWERS,
    VERDICTS_MIN,
    Answer,
    Band,
    JudgedPair,
    Waits,
    backlog,
    by,
    by_band,
    latest,
    overall,
    readers_agree,
    seconds_to_detect,
    waits,
)
from desk.review.reports.transparency import TransparencyFigures, transparency_figures
from desk.review.waves import WaveDecision
from samehand.elapsed import DAY_SECONDS
from samehand.scoring.sampling import drawn
from schemas.accounts import Basis
from schemas.alerts import Drawn, Matched
from schemas.examples import ACTIONED
from tests.desk.makers import a_reason, a_wave
from tests.desk.people import Office, an_office, with_shares
from tests.desk.review.test_requests import enter, file_of, step
from tests.desk.web.client import sent
from tests.desk.web.test_family import Feed
from tests.desk_databases import on_each_database
from tests.makers import NOON

# Verdicts of the database are weighed by how they came to be read.


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
    told = lead_figures(rows, (), blind_share=BLIND_SHARE, now=3.0)
    assert (told.scripts["arabic"].alerts, told.scripts["latin"].alerts) == (31, 29)
    assert told.scripts["latin"].precision is None
    assert told.signals["name"].precision is not None
    assert told.signals["device"].precision is None
    assert (told.to_detect.times, told.to_detect.median_seconds) == (31, 900.0)
    twice = lead_figures([*rows, a_row("a0", mirror=False, decided_at=9.0)], (), blind_share=0.5, now=9.0)
    assert twice.to_detect.times == 30


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
    """Neither a take-back nor a second reading is one."""
    day = 86_400.0
    rows = [a_row(f"alert-{number}", decided_at=1.0 + 60.0) for number in range(40)]
    rows += [a_row(f"alert-{number}", decided_at=9 * day, mirror=False) for number in range(40)]
    told = lead_figures(rows, [], blind_share=1.0, now=100 * day).to_decide
    assert (told.times, told.median_seconds) == (40, 60.0)


# The lead's figures rest on blind verdicts alone, and say nothing where there are few.

DAY = 86_400.0


def a_verdict(
    alert_id: str,
    answer: Answer = "mirror",
    *,
    band: Band = "likely",
    reader: str = "ana",
    at: float = 0.0,
    blind: bool = True,
    independent: bool = True,
) -> JudgedPair:
    """Of an alert of which 15 % are read blind, or of a pair below, of which 1 % are."""
    return JudgedPair(
        alert_id=alert_id,
        reader=reader,
        answer=answer,
        decided_at=at,
        blind=blind,
        band=band,
        drawn_with=0.01 if band == "none" else 0.15,
        independent=independent,
    )


def many(mirrors: int, others: int, band: Band = "likely", name: str = "") -> list[JudgedPair]:
    answers: list[Answer] = [*repeat(ANSWERS[0], mirrors), *repeat(ANSWERS[1], others)]
    return [a_verdict(f"{name}{band}{place}", answer, band=band) for place, answer in enumerate(answers)]


def test_precision_counts_alerts_judged_blind_and_recall_weighs_what_was_drawn_below() -> None:
    figures = overall(many(45, 15) + many(3, 297, "none"))
    assert figures.precision is not None
    assert figures.precision.value == pytest.approx(0.75)
    assert figures.recall is not None
    # 45 / .15 = 300 mirrors found, 3 / .01 = 300 below
    assert figures.recall.value == pytest.approx(0.5)
    assert 0.2 < figures.recall.low < 0.5 < figures.recall.high < 0.8
    assert (figures.alerts, figures.sampled) == (60, 300)


def test_who_saw_the_score_and_who_was_unsure_count_for_nothing() -> None:
    seeing = [replace(one, blind=False) for one in many(40, 0, name="seen")]
    unsure = [a_verdict(f"unsure{n}", "unsure") for n in range(5)]
    figures = overall(latest(many(15, 15) + seeing + unsure))
    assert figures.precision is not None
    assert figures.precision.value == pytest.approx(0.5)
    assert (figures.alerts, figures.unsure) == (30, 5)


def test_under_thirty_verdicts_of_a_kind_no_figure_is_told() -> None:
    few = many(VERDICTS_MIN - 1, 0) + many(0, 200, "none")
    assert overall(few).precision is None
    assert overall(few).recall is None
    enough_alerts = many(VERDICTS_MIN, 0) + many(0, VERDICTS_MIN - 1, "none")
    assert overall(enough_alerts).precision is not None
    assert overall(enough_alerts).recall is None


def test_each_band_has_its_own_precision_and_recall_from_it_upwards() -> None:
    bands = by_band(many(36, 4) + many(10, 30, "possible") + many(1, 99, "none"))
    likely, possible = bands["likely"], bands["possible"]
    assert likely.precision is not None
    assert possible.precision is not None
    assert (likely.precision.value, possible.precision.value) == pytest.approx((0.9, 0.25))
    assert likely.recall is not None
    assert possible.recall is not None
    assert likely.recall.value == pytest.approx(36 / 0.15 / (46 / 0.15 + 100))
    assert possible.recall.value == pytest.approx(46 / 0.15 / (46 / 0.15 + 100))


def test_groups_are_told_apart_by_signal_script_and_policy() -> None:
    device = [replace(one, signals=frozenset({"device", "bio"}), script="Arab") for one in many(30, 0)]
    bio = [
        replace(one, signals=frozenset({"bio"}), script="Latn", policy="spam")
        for one in many(0, 30, "possible")
    ]
    everything = device + bio
    signals = {name: it.precision.value for name, it in by(everything, "signals").items() if it.precision}
    assert signals == {"bio": 0.5, "device": 1.0}
    scripts = {name: it.precision.value for name, it in by(everything, "script").items() if it.precision}
    assert scripts == {"Arab": 1.0, "Latn": 0.0}
    policies = {name: it.precision.value for name, it in by(everything, "policy").items() if it.precision}
    assert policies == {"": 1.0, "spam": 0.0}


def test_what_was_found_when_a_ban_came_has_no_sample_below_and_no_say_in_recall() -> None:
    figures = overall(
        [replace(one, forward=False) for one in many(500, 0, name="lookback")]
        + many(30, 0)
        + many(2, 98, "none")
    )
    assert figures.recall is not None
    assert figures.recall.value == pytest.approx(30 / 0.15 / (30 / 0.15 + 200))


def test_the_latest_blind_verdict_holds_unless_an_appeal_overturned_it() -> None:
    first = a_verdict("1", "mirror", at=1.0)
    second = a_verdict("1", "not_mirror", at=2.0, reader="bo")
    assert latest([second, first]) == latest([first, second]) == [second]
    confirmed = a_verdict("1", "not_mirror", at=3.0, reader="lead", blind=False)
    overturned = a_verdict("1", "mirror", at=3.0, reader="lead", blind=False)
    assert latest([first, second, confirmed]) == [second]
    assert latest([first, second, overturned]) == []
    assert latest([confirmed]) == []


@given(
    st.lists(
        st.tuples(st.sampled_from("12345"), st.sampled_from(ANSWERS), st.floats(0, 10), st.booleans()),
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_no_order_of_delivery_and_no_repeat_changes_what_holds(
    rows: list[tuple[str, Answer, float, bool]], random: object
) -> None:
    given_ = [
        a_verdict(one, answer, at=at, blind=blind, reader=f"r{place}")
        for place, (one, answer, at, blind) in enumerate(rows)
    ]
    shuffled = given_ + given_[: len(given_) // 2]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis' own Random
    assert _by_alert(latest(shuffled)) == _by_alert(latest(given_))


def _by_alert(verdicts: Iterable[JudgedPair]) -> dict[str, JudgedPair]:
    return {one.alert_id: one for one in verdicts}


def test_a_readers_second_thought_and_one_who_saw_the_score_are_no_second_reading() -> None:
    words = [
        a_verdict("1", "mirror", reader="ana", at=1.0),
        a_verdict("1", "not_mirror", reader="ana", at=2.0),
        a_verdict("1", "not_mirror", reader="lead", at=3.0, blind=False),
    ]
    assert readers_agree(words).items == 0
    assert readers_agree([*words, a_verdict("1", "mirror", reader="bo", at=4.0)])[:2] == (1, 1)


def test_share_of_agreement_is_told_from_thirty_readings_by_two_on() -> None:
    def read_by_two(count: int, differ: int) -> list[JudgedPair]:
        first = [a_verdict(f"{place}", reader="ana") for place in range(count)]
        second = [
            a_verdict(f"{place}", "unsure" if place < differ else "mirror", reader="bo", at=1.0)
            for place in range(count)
        ]
        return first + second

    assert readers_agree(read_by_two(VERDICTS_MIN - 1, 0)).share is None
    share = readers_agree(read_by_two(40, 4)).share
    assert share is not None
    assert share.value == pytest.approx(0.9)
    assert 0.7 < share.low < share.high < 1.0


def test_agreement_leaves_out_and_counts_pairs_of_which_one_reader_knew_the_other() -> None:
    alone = [a_verdict("1", reader="ana"), a_verdict("1", reader="bo", at=1.0)]
    told = [a_verdict("2", reader="ana"), a_verdict("2", reader="bo", at=1.0, independent=False)]
    once = [a_verdict("0", reader="ana"), a_verdict("3", reader="ana")]
    found = readers_agree([*once, *alone, *told])
    assert (found.items, found.agreed, found.left_out) == (1, 1, 1)


def test_the_backlog_is_told_by_age_and_a_clock_that_is_behind_makes_nothing_negative() -> None:
    ages = (-60.0, 10.0, 2 * 3_600.0, DAY - 1, DAY, 5 * DAY, 400 * DAY)
    assert list(backlog([1e9 - age for age in ages], now=1e9).values()) == [2, 1, 1, 1, 1, 1]


def test_waits_have_a_median_and_a_ninth_tenth_once_there_are_enough() -> None:
    assert waits([1.0] * 29) == Waits(29, None, None)
    assert waits([float(n) for n in range(101)]) == Waits(101, 50.0, 90.0)
    assert waits([-1.0] * 30) == Waits(30, 0.0, 0.0), "of a clock that was set back"


def test_time_to_detect_begins_at_the_ban_for_who_was_there_before() -> None:
    assert seconds_to_detect(600.0, 0.02) == pytest.approx(600.02)
    assert seconds_to_detect(-3 * DAY, 0.02) == pytest.approx(0.02)
    assert seconds_to_detect(None, 0.02) is None


# The report of operations counts what the desk shows, alert by alert.

ALL_BLIND = 1.0
UN = Basis(authority="UN")


@pytest.fixture
def blind_office(database: Database) -> Office:
    return an_office(database, with_shares(blind_share=ALL_BLIND))


async def report(blind_office: Office, *, days: float = 7, **given: Any) -> OperationsReport:
    async with blind_office.database.read() as connection:
        now = blind_office.clock()
        return await operations_report(
            connection, since=now - days * DAY_SECONDS, until=now, now=now, blind_share=ALL_BLIND, **given
        )


@on_each_database
async def test_report_has_the_figures_of_the_leads_page_and_the_verdicts_that_hold(
    blind_office: Office,
) -> None:
    reader = await blind_office.hire("amina")
    for number in range(40):
        policy = "violent-extremism" if number < 10 else "spam"
        await blind_office.receive(
            f"alert-{number}",
            matched=Matched(
                platform="x", account_id=f"banned-{number % 4}", policy=policy, basis=Basis(authority="UN")
            ),
            seconds_since_ban=3_600.0,
        )
    await blind_office.receive("banned-since", matched=Matched(platform="x", account_id="banned-9"))
    await blind_office.receive(
        "banned-since",
        revision=2,
        status="withdrawn",
        withdrawn_reason="account-banned",
        matched=Matched(platform="x", account_id="banned-9"),
    )
    for waiting in await blind_office.desk.queue(reader, Filters(), limit=200):
        wrong = waiting.alert_id.endswith("7")
        decision = ReadDecision("not_mirror", "common-name") if wrong else ReadDecision("mirror", "handle")
        await blind_office.desk.decide(reader, waiting.read_id, decision)
    blind_office.clock.pass_(60)
    lead = await blind_office.hire("chloe", "lead")
    view, made = await blind_office.desk.figures(lead), await report(blind_office)
    assert made.alerts == 41
    assert made.decisions == {"mirror": 36, "not_mirror": 4, "undecided": 1}
    assert made.mirrors == {"by_people": 36, "by_platform": 1}
    assert (made.distinct.accounts, made.distinct.mirrors, made.distinct.banned) == (41, 37, 5)
    assert made.withdrawn == {"account-banned": 1}
    assert made.accuracy.all == view.figures.all
    assert made.accuracy.all.precision is not None
    assert made.accuracy.all.precision.value == pytest.approx(0.9)
    assert (made.to_detect, made.to_decide) == (view.figures.to_detect, view.figures.to_decide)
    spam, extremism, none = made.tables["policy"]
    assert (spam.value, spam.alerts, spam.not_mirror) == ("spam", 30, 3)
    assert (extremism.value, extremism.alerts, extremism.not_mirror) == ("violent-extremism", 10, 1)
    assert (none.value, none.alerts) == ("without a policy", 1)
    assert sum(count for _, count in made.steps) == 41
    content = made.terrorist_content
    assert (content.alerts, content.mirrors_by_people, content.not_mirrors) == (10, 9, 1)
    assert (await report(blind_office, terrorism=["spam"])).terrorist_content.alerts == 30


async def test_decisions_on_waves_that_were_taken_back_are_no_overturned_alerts(blind_office: Office) -> None:
    lead = await blind_office.hire("chloe", "lead")
    await Feed(blind_office).wave(a_wave())
    await blind_office.desk.decide_wave(lead, "wave-1", WaveDecision(1, "mirror", "one-hand"))
    await sent(blind_office)
    await blind_office.desk.take_wave_back(lead, "wave-1", "error")
    await blind_office.receive("alert-1")
    [waiting] = await blind_office.desk.queue(lead, Filters())
    await blind_office.desk.decide(lead, waiting.read_id, ReadDecision("mirror", "several-traits"))
    await sent(blind_office)
    await blind_office.desk.take_back(lead, "alert-1", "error")
    blind_office.clock.pass_(60)
    assert (await report(blind_office)).overturned.taken_back == 1


async def test_values_beyond_the_rows_of_a_table_share_the_last(
    blind_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, policy in enumerate(("hate", "hate", "scam", "spam")):
        matched = Matched(platform="x", account_id=f"banned-{number}", policy=policy)
        await blind_office.receive(f"alert-{number}", matched=matched)
    blind_office.clock.pass_(1)
    for most, expected in (
        (1, [("hate", 2), ("all others", 2)]),
        (2, [("hate", 2), ("scam", 1), ("all others", 1)]),
        (3, [("hate", 2), ("scam", 1), ("spam", 1)]),
    ):
        monkeypatch.setattr(operations, "ROWS_MAX", most)
        rows = (await report(blind_office)).tables["policy"]
        assert [(row.value, row.alerts) for row in rows] == expected


async def test_policy_called_none_has_a_row_of_its_own(blind_office: Office) -> None:
    for number, policy in enumerate((None, "none", "none")):
        matched = Matched(platform="x", account_id=f"banned-{number}", policy=policy)
        await blind_office.receive(f"alert-{number}", matched=matched)
    blind_office.clock.pass_(1)
    rows = (await report(blind_office)).tables["policy"]
    assert [(row.value, row.alerts) for row in rows] == [("none", 2), ("without a policy", 1)]


async def test_report_of_a_period_without_alerts_counts_none_and_estimates_nothing(
    blind_office: Office,
) -> None:
    await blind_office.receive()
    blind_office.clock.pass_(10 * DAY_SECONDS)
    made = await report(blind_office)
    assert (made.alerts, made.decisions, made.tables["script"]) == (0, {}, [])
    assert made.accuracy.all.precision is None
    assert made.backlog["over 7 days"] == 1


async def test_lawful_requests_are_counted_by_authority_as_they_stand(blind_office: Office) -> None:
    await blind_office.receive()
    rana, sana = await blind_office.hire("rana", "counsel"), await blind_office.hire("sana", "counsel")

    async def entered(authority: str, number: int, *accounts: str) -> int:
        return await enter(blind_office, rana, *accounts, authority=authority, reference=f"R-{number}")

    for number, name in enumerate(("approve", "refuse", "withdraw")):
        await step(blind_office, sana, await entered("A court", number, "x:a", "x:b"), name)
    answered = await entered("A ministry", 9, "x:new-alert-1")
    await step(blind_office, sana, answered, "approve")
    for _ in range(2):
        blind_office.clock.pass_(1.0)
        await file_of(blind_office, rana, answered)
    await step(blind_office, sana, answered, "disclose")
    await entered("A ministry", 10)
    blind_office.clock.pass_(11 * DAY_SECONDS)  # after the deadline of those that wait
    court, ministry = (await report(blind_office, days=30)).lawful_requests
    assert court == AuthorityRequests("A court", 3, 1, 0, 1, {"too-broad": 1}, 1, 6, 0)
    assert ministry == AuthorityRequests("A ministry", 2, 1, 1, 0, {}, 1, 2, 2)
    assert (await report(blind_office, days=1)).lawful_requests == []


async def test_authorities_beyond_the_rows_share_the_last(
    blind_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    rana = await blind_office.hire("rana", "counsel")
    for number, authority in enumerate(("One", "One", "Two", "Three")):
        await enter(blind_office, rana, authority=authority, reference=str(number))
    for most, expected in (
        (1, [("One", 2, 2), ("all others", 2, 2)]),
        (2, [("One", 2, 2), ("Three", 1, 1), ("all others", 1, 1)]),
        (3, [("One", 2, 2), ("Three", 1, 1), ("Two", 1, 1)]),
    ):
        monkeypatch.setattr(operations, "ROWS_MAX", most)
        rows = (await report(blind_office)).lawful_requests
        assert [(row.authority, row.requests, row.accounts) for row in rows] == expected


@pytest.mark.parametrize(("days", "parts"), [(1 / 24, 1), (1, 24), (7, 7), (30, 30), (365, 53), (3_650, 60)])
async def test_parts_of_a_period_of_any_length_hold_every_alert_once(
    blind_office: Office, days: float, parts: int
) -> None:
    await blind_office.receive("first", detected_at=NOON)
    blind_office.clock.pass_(days * DAY_SECONDS)
    async with blind_office.database.read() as connection:
        made = await operations_report(
            connection,
            since=NOON.timestamp(),
            until=blind_office.clock(),
            now=blind_office.clock(),
            blind_share=ALL_BLIND,
        )
    assert (len(made.steps), sum(count for _, count in made.steps)) == (parts, 1)


MIRROR = ReadDecision("mirror", "several-traits")


# Figures for the transparency report count measures and complaints, by the regulation's names.

SECURITY = "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"
CATEGORIES = {"violent-extremism": (SECURITY, "KEYWORD_TERRORIST_CONTENT")}


async def act(office: Office, name: str, **given: Any) -> None:
    """The platform acts on an account."""
    record = replace_struct(
        ACTIONED, event_id=name, account_id=name, occurred_at=NOON, actioned_at=NOON, until=None, **given
    )
    async with office.database.begin() as connection:
        assert await take_action(connection, record, now=office.clock())


async def public_figures(office: Office) -> TransparencyFigures:
    begin = NOON.timestamp() // DAY_SECONDS * DAY_SECONDS
    async with office.database.read() as connection:
        return await transparency_figures(
            connection, since=begin, until=begin + DAY_SECONDS, categories=CATEGORIES
        )


@on_each_database
async def test_measures_are_counted_by_category_and_the_rest_is_left_out_with_a_reason(
    office: Office,
) -> None:
    await office.receive(
        "alert-1",
        account_id="named",
        matched=Matched(
            platform="x", account_id="banned", policy="violent-extremism", basis=Basis(authority="UN")
        ),
    )
    own = {"source": "own-initiative", "ground": "terms", "alert_id": None}
    await act(office, "named", **{**own, "alert_id": "alert-1"}, action="suspended")
    await act(office, "ended", **own, action="terminated", automated_decision="fully")
    await act(office, "against-the-law", **{**own, "ground": "illegal"}, automated_detection="no")
    await act(office, "noticed", **{**own, "source": "trusted-flagger"})
    await act(office, "restricted", **own, action="restricted")
    await act(office, "ordered", **{**own, "source": "order"})
    await act(office, "unsourced", **{**own, "source": None})
    await act(office, "groundless", **{**own, "ground": None})
    await act(office, "left-alone", **own, action="nothing")
    office.clock.pass_(-DAY_SECONDS)  # the report's machine may be behind the desk's
    made = await public_figures(office)
    assert made.actions == 8
    assert made.left_out == {
        "without-category": 4,
        "restricted": 1,
        "order": 1,
        "without-source": 1,
        "without-ground": 1,
    }
    measures = "Number of measures taken at the provider's own initiative"
    detected = "Number of measures taken after detection with solely automated means"
    one = {measures: 1, detected: 1, "Account restriction Suspension": 1}
    assert made.parts["Part_6_own_initiative_TC"] == {
        "TOTAL": {
            measures: 3,
            detected: 3,
            "Account restriction Suspension": 1,
            "Account restriction Termination": 1,
        },
        SECURITY: one,
        f"{SECURITY}/KEYWORD_TERRORIST_CONTENT": one,
    }
    assert made.parts["Part_5_own_initiative_illegal"] == {
        "TOTAL": {measures: 1, "Account restriction Suspension": 1}
    }
    terms = "Number of actions taken on the basis of the terms and conditions of the service"
    assert made.parts["Part_4_notices"] == {"TOTAL": {terms: 1, f"{terms} (Trusted Flagger notices)": 1}}
    automated = made.parts["Part_8_automated_means"]
    assert automated["Number of measures solely taken by automated means"]["Own-initiative"] == 1
    assert automated["Number of measures not taken by automated means"]["Total number"] == 5


async def test_action_that_this_version_cannot_read_is_counted_as_left_out(office: Office) -> None:
    await act(office, "newer")
    async with office.database.begin() as connection:
        await connection.execute(update(schema.actions).values(payload=b'{"version": 9}'))
    assert (await public_figures(office)).left_out == {"unreadable": 1}


@on_each_database
async def test_complaints_are_counted_by_outcome_and_median_in_hours(office: Office) -> None:
    await office.receive("alert-1", account_id="ended")
    await act(office, "ended", action="terminated", alert_id=None)
    outcomes = ("upheld", "upheld", "partly", "reversed", "lapsed", None)
    async with office.database.begin() as connection:
        for number, outcome in enumerate(outcomes):
            await connection.execute(
                insert(schema.appeals).values(
                    appeal_id=f"appeal-{number}",
                    alert_id="alert-1",
                    read_id=1,
                    against="verdict",
                    digest="",
                    received_at=NOON.timestamp(),
                    words="",
                    outcome=outcome,
                    decided_at=None if outcome is None else NOON.timestamp() + 3_600 * (number + 1),
                )
            )
    complaints = (await public_figures(office)).parts["Part_7_appeals_and_recidivism"]
    every = "Number of complaints submitted to the internal-complaints mechanism"
    for values in (
        complaints[every],
        complaints["Complaint regarding a decision to suspend or terminate an account"],
    ):
        assert values["Total number"] == 6
        assert values["Decisions upheld"] == 2
        assert values["Decisions partially reversed"] == values["Decisions reversed"] == 1
        assert values["Median time"] == 2.5
    assert complaints[every]["Decision omitted"] == 1
    office.clock.pass_(60)
    counted = {"upheld": 2, "partly": 1, "reversed": 1, "lapsed": 1, "open": 1}
    assert (await report(office)).overturned.appeals == counted
