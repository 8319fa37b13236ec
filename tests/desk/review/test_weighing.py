"""Labels, what is learnt of them, what is adopted, and values in quarantine."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace as replaced
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from desk.database import audit, verdicts
from desk.database.alerts import PayloadRow
from desk.database.decisions import quarantines as quarantine_rows
from desk.database.decisions import weights as weights_rows
from desk.database.engine import Database
from desk.errors import Conflict, Forbidden, ReviewError, UnusableInput
from desk.readers import Reader
from desk.review.arrivals import Arrivals
from desk.review.audit.chain import Chain
from desk.review.reasons import REASONS, reasons_for, rival_of
from desk.review.weighing import labels as weighing
from desk.review.weighing import quarantine, weights
from desk.review.weighing.adopted import as_sent, can_travel, highest, in_force, table_of
from desk.review.weighing.labels import ELSEWHERE, label, labels
from desk.review.weighing.labels import judged as judged_labels
from desk.review.weighing.proposal import JudgedBlind, Rescored, factors, propose, try_out
from desk.review.weighing.quarantine import DISMISSALS_MIN, ValueFigures, view
from desk.review.weighing.weights import WeightsStatus, adjustment_in, tables
from samehand.elapsed import DAY_SECONDS
from samehand.scoring.adjust import adjustment_of
from samehand.scoring.evidence import SHARED
from samehand.scoring.learn import ALL_CHANCE, learn
from samehand.scoring.rivals import RATED, RIVALS
from schemas.alerts import MirrorAlert, RivalShare
from schemas.internal.quarantine import ValueQuarantined
from schemas.internal.weights import WeightsAdopted
from schemas.revisions import by_time
from schemas.verdicts import VerdictGiven
from schemas.wire import encode
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import Office, an_office
from tests.desk.review.test_reports import a_row
from tests.desk.weighing import (
    SHIPPED,
    adopted,
    an_alert_of,
    decided,
    holding,
    is_mirror,
    judged,
    learned,
    published,
    put_in_force,
    rolled_back,
    tried,
)
from tests.desk_databases import on_each_database
from tests.makers import NOON, a_verdict
from tests.samehand.scoring.test_learn import verdicts as pairs_judged
from tests.tables import for_each

# What counts as a label is the same of a topic and of a database.


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
    of_topic = labels(alerts, judged_labels(shuffled, by_topic), SHIPPED, by_topic)
    office = an_office(database)
    async with database.begin() as connection:
        for number, one in enumerate(HISTORY):
            await Arrivals(connection, office.desk.policy, office.clock()).take_verdict(one, f"v{number}")
    async with database.read() as connection:
        rows = await verdicts.of_judged_blind(connection, until=office.clock() + 3_600, limit=100)
    by_database: Counter[str] = Counter()
    of_database = labels(alerts, judged_labels(rows, by_database), SHIPPED, by_database)
    assert {it.reader for it in of_database.values()} == {ELSEWHERE}, "its sender names the readers"
    assert {one: replaced(it, reader=ELSEWHERE) for one, it in of_topic.items()} == of_database
    assert {one: it.mirror for one, it in of_topic.items()} == LABELS
    told = {"overruled": 1, "unsure": 1, "no such alert": 4, "other weights": 1}
    assert {reason: by_topic[reason] for reason in told} == told
    assert {reason: by_database[reason] for reason in told} == told


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
    office: Office,
) -> None:
    async with office.database.begin() as connection:
        for number, one in enumerate(HISTORY):
            await Arrivals(connection, office.desk.policy, office.clock()).take_verdict(one, f"v{number}")
        await verdicts.undo(connection, ["v0"], now=office.clock())
    noon = office.clock()
    async with office.database.read() as connection:
        found = await verdicts.of_judged_blind(connection, until=noon + 3_600, limit=1)
        assert {row.alert_id for row in found} == {"alert-1"}, "judged blind last"
        found = await verdicts.of_judged_blind(connection, until=noon + 60, limit=100)
        assert {row.decided_at for row in found} == {noon + 60}
        assert "alert-0" not in {row.alert_id for row in found}, "undone"
        assert await verdicts.of_judged_blind(connection, until=noon, limit=100) == []


@for_each("held", [True, False])
def test_what_a_rule_held_back_says_nothing(held: bool) -> None:
    lines = [a_reason(), *([a_reason("rule", -1.0)] if held else [])]
    alert = an_alert(*lines, alert_id="alert-0", weights_version=SHIPPED.version)
    left_out: Counter[str] = Counter()
    found = labels([alert], {"alert-0": said(0, "mirror", 1)}, SHIPPED, left_out)
    assert (len(found), left_out["held by a rule"]) == (0, 1) if held else (1, 0)


# What learning would change is told of pairs that the fit had not seen, and of alerts weighed again.


def a_verdict_on(alert: MirrorAlert, **given: Any) -> Any:
    words = {"revision": alert.revision, "mirror": is_mirror(alert), **given}
    return a_row(alert.alert_id, **words)


def judged_blind(alerts: Sequence[MirrorAlert], rows: Sequence[Any] = ()) -> JudgedBlind:
    said = list(rows) or [a_verdict_on(alert) for alert in alerts]
    return JudgedBlind(said, {one.alert_id: encode(one) for one in alerts}, {}, 0.0, whole=True)


def test_a_proposal_is_what_learning_says_of_the_same_labels() -> None:
    alerts = [an_alert_of(number) for number in range(100)]
    told = propose(judged_blind(alerts), SHIPPED, blind_share=0.5)
    assert told.learned == learn([label(one, mirror=is_mirror(one), reader="ana") for one in alerts], SHIPPED)
    assert (told.labels, told.mirrors, told.left_out) == (100, sum(map(is_mirror, alerts)), {})
    assert {one.name: one.after > one.before for one in told.factors}["device.same"]


def test_precision_is_told_by_what_a_fit_foretold_that_had_not_seen_the_pair() -> None:
    """A fit that has seen a pair knows its answer."""
    alerts = [an_alert_of(number) for number in range(100)]
    told = propose(judged_blind(alerts), SHIPPED, blind_share=0.5)
    assert told.learned is not None
    assert told.change is not None
    unseen = {one for one, at in told.learned.foretold.items() if at >= 0.0}
    before = {one.alert_id for one in alerts if SHIPPED.probability(one.log_odds) >= 0.5}
    mirrors = {one.alert_id for one in alerts if is_mirror(one)}
    change = told.change
    assert (change.mirrors_gained, change.mirrors_lost) == (
        len((unseen - before) & mirrors),
        len((before - unseen) & mirrors),
    )
    assert (change.others_gained, change.others_lost) == (
        len((unseen - before) - mirrors),
        len((before - unseen) - mirrors),
    )


def test_what_cannot_be_read_any_more_is_left_out_and_counted() -> None:
    alerts = [an_alert_of(number) for number in range(60)]
    said = judged_blind(alerts)
    payloads = {**said.payloads, "alert-0": b"", "alert-1": b"{"}
    told = propose(JudgedBlind(said.rows, payloads, {}, 0.0, whole=True), SHIPPED, blind_share=0.5)
    assert (told.labels, told.left_out) == (58, {"no such alert": 2})


def test_how_many_labels_are_of_one_reader_and_how_many_came_from_elsewhere_is_told() -> None:
    """Whoever gives most of the blind verdicts says what is learnt, and only a desk knows what was blind."""
    alerts = [an_alert_of(number) for number in range(60)]
    rows = [
        a_verdict_on(
            alert,
            decided_at=9.0,
            reviewer="eve" if at < 45 else "ana",
            kind="elsewhere" if at in (0, 50) else "first",
        )
        for at, alert in enumerate(alerts)
    ]
    said = judged_blind(alerts, [*rows, a_verdict_on(alerts[1], reviewer="omar")])  # which eve's overtook
    told = propose(said, SHIPPED, blind_share=0.5)
    assert (told.by_one, told.elsewhere) == (45, 2)
    trial = try_out(said, SHIPPED, learned(), after=5.0, blind_share=0.5)
    assert (trial.labels, trial.by_one, trial.elsewhere) == (59, 44, 2)
    none = propose(judged_blind([]), SHIPPED, blind_share=0.5)
    assert (none.by_one, none.elsewhere) == (0, 0)


def test_too_few_are_counted_and_nothing_is_proposed() -> None:
    told = propose(judged_blind([an_alert_of(0)]), SHIPPED, blind_share=0.5)
    assert (told.labels, told.learned, told.change, told.factors) == (1, None, None, ())


def test_a_trial_is_told_of_pairs_alone_that_were_first_judged_after_it_began() -> None:
    alerts = [an_alert_of(number) for number in range(100)]
    rows = [a_verdict_on(one, decided_at=1.0 if at < 60 else 9.0) for at, one in enumerate(alerts)]
    rows.append(a_verdict_on(alerts[0], decided_at=9.0, reviewer="eve"))  # read a second time
    better = learned(device=2.4, handle=0.27, email=0.25)
    told = try_out(judged_blind(alerts, rows), SHIPPED, better, after=1.0, blind_share=0.5)
    assert told.labels == 40
    assert told.loss_before is not None
    assert told.loss_after is not None
    assert told.loss_after < told.loss_before
    few = try_out(judged_blind(alerts, rows[:70]), SHIPPED, better, after=1.0, blind_share=0.5)
    assert (few.labels, few.loss_before, few.loss_after) == (10, None, None)


def test_a_table_that_changes_nothing_changes_no_alert_and_no_loss() -> None:
    alerts = [an_alert_of(number) for number in range(50)]
    told = try_out(judged_blind(alerts), SHIPPED, learned(), after=0.0, blind_share=0.5)
    assert told.loss_before == told.loss_after
    assert told.change[4:] == (0, 0, 0, 0)
    found = Rescored(SHIPPED, learned())
    found.take(PayloadRow(payload=encode(one), sampled=None) for one in alerts)
    assert (found.alerts, found.changes) == (50, [])


def test_alerts_are_weighed_again_by_what_their_lines_weighed() -> None:
    lines = (a_reason("handle", 8.0), a_reason("device", 3.0))
    alert = an_alert(*lines, prior=-9.0, weights_version=SHIPPED.version)
    half = SHIPPED.probability(alert.log_odds - 1.5)
    expected = SHIPPED.band(half, None)
    found = Rescored(SHIPPED, learned(device=0.5))
    held = an_alert(*lines, a_reason("rule", -1.0), weights_version=SHIPPED.version)
    other = an_alert(*lines, weights_version="other")
    several = [(encode(one), None) for one in (alert, held, other)] + [(b"", None)]
    found.take(PayloadRow(payload=payload, sampled=sampled) for payload, sampled in several)
    assert found.bands == {(SHIPPED.band(SHIPPED.probability(alert.log_odds)), expected): 1}
    assert (found.held, found.others) == (1, 2)


def test_what_a_row_weighed_is_taken_by_what_it_is_multiplied_with_now_and_was_then() -> None:
    half, whole = learned("half", device=0.5), learned("whole", device=1.0)
    alert = an_alert(a_reason("handle", 8.0), a_reason("device", 2.0), prior=-9.0, weights_version="half")
    found = Rescored(half, whole)
    found.take([PayloadRow(payload=encode(alert), sampled=None)])
    before, after = (whole.band(whole.probability(alert.log_odds + more)) for more in (0.0, 2.0))
    assert (before, after) == ("possible", "likely")
    assert found.changes == [(before, after, 1)]


def test_a_pair_below_the_bands_stands_for_those_that_were_not_drawn() -> None:
    low = an_alert(a_reason("handle", 6.0), prior=-9.0, weights_version=SHIPPED.version, band="none")
    found = Rescored(SHIPPED, learned(handle=2.0))
    held = an_alert(a_reason("rule", -1.0), weights_version=SHIPPED.version)
    rows = [(low, 0.01), (low, 0.5), (held, 0.01)]
    found.take(PayloadRow(payload=encode(one), sampled=share) for one, share in rows)
    assert (found.sampled, found.newly_seen, found.newly) == (2, 2, 102.0)
    assert (found.alerts, found.held) == (0, 0)


def test_the_largest_change_comes_first_and_what_stays_is_not_told() -> None:
    told = factors(SHIPPED, learned(device=0.5, handle=1.1, email=3.0))
    assert list(dict.fromkeys(one.name.partition(".")[0] for one in told)) == ["email", "device", "handle"]
    assert (told[0].before, told[0].after) == (1.0, 3.0)


def test_a_signal_that_was_silenced_stays_silent_in_what_is_weighed_again() -> None:
    """What weighed nothing left no trace of what it would weigh."""
    silent = learned("silent", device=0.0)
    alert = an_alert(a_reason("handle", 8.0), prior=-9.0, weights_version="silent")
    found = Rescored(silent, learned("loud", silent, device=2.0))
    found.take([PayloadRow(payload=encode(alert), sampled=None)])
    assert found.changes == []


# Weights that are adopted, and reasons.

# Which table is in force: that of the settings, adjusted by what holds on the topic.


def a_weights_record(number: int, stage: Any = "live") -> WeightsAdopted:
    return WeightsAdopted(stage=stage, number=number)


def test_what_was_learnt_travels_and_makes_the_same_table() -> None:
    for many in (400, 4_000):
        learned = learn(pairs_judged(many, {"device": 0.4}), SHIPPED).weights
        record = WeightsAdopted(stage="live", number=1, adjustment=as_sent(adjustment_of(learned, SHIPPED)))
        assert can_travel(record)
        again = msgspec.json.decode(encode(record), type=WeightsAdopted)
        assert again.adjustment is not None
        assert table_of(SHIPPED, again.adjustment) == learned == in_force(SHIPPED, again.adjustment)


def test_what_was_learnt_on_another_table_does_not_weigh() -> None:
    other = replace(SHIPPED, version="another")
    adjustment = as_sent(adjustment_of(learn(pairs_judged(400, {}), other).weights, other))
    assert table_of(SHIPPED, adjustment) is None
    assert in_force(SHIPPED, adjustment) is SHIPPED
    assert in_force(SHIPPED, None) is SHIPPED


def test_what_readers_would_refuse_is_not_sent() -> None:
    learned = learn(pairs_judged(400, {}), SHIPPED).weights
    sent = as_sent(adjustment_of(learned, SHIPPED))
    assert not can_travel(
        WeightsAdopted(stage="live", number=1, adjustment=replace(sent, weights_version="v" * 65))
    )
    assert not can_travel(WeightsAdopted(stage="live", number=2**53, adjustment=sent))


def test_of_each_stage_the_highest_number_holds_in_whatever_order_records_stand() -> None:
    records = [a_weights_record(1), a_weights_record(5), a_weights_record(3), a_weights_record(4, "shadow")]
    for several in permutations([*map(encode, records), b"{", b"", b"\0" * 9]):
        found = highest((f"weights/0/{at}", value) for at, value in enumerate(several))
        assert {stage: it.number for stage, it in found.records.items()} == {"live": 5, "shadow": 4}
        assert sorted(found.refused.values()) == ["empty", "not-json", "not-json"]


# Reasons name rival explanations by the words of the mind.


def test_a_dismissal_names_each_rival_that_has_a_rate_by_one_code() -> None:
    named = {reason.code: reason.rival for reason in REASONS if reason.rival is not None}
    assert named == {
        "common-name": "namesake",
        "shared-network": "neighbour",
        "fan-or-parody": "copier",
        "household": "household",
        "former-holder": "former-holder",
    }
    assert sorted(named.values()) == sorted(rival.name for rival in RATED)
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


# Weights are tried, put in force and taken back by a lead, one decision after the other.

HOSTILE = "\N{RIGHT-TO-LEFT OVERRIDE}<b>" + "\N{WAVING HAND SIGN}" * 496


@pytest.fixture
async def lead(office: Office) -> Reader:
    return await office.hire("lena", "lead")


def version_in_force(office: Office, held: WeightsStatus) -> str:
    return tables(office.desk.base, held).live.version


async def lines(office: Office) -> list[Any]:
    async with office.database.read() as connection:
        return list(await audit.lines(connection, 0, 1_000))


async def test_what_is_in_shadow_weighs_nothing_until_it_is_put_in_force(
    office: Office, lead: Reader
) -> None:
    table = learned("one", device=0.5)
    await tried(office, lead, table)
    held = await holding(office)
    made = tables(office.desk.base, held)
    assert (made.live, made.shadow) == (SHIPPED, table)
    await put_in_force(office, lead)
    held = await holding(office)
    made = tables(office.desk.base, held)
    assert (made.live, made.shadow) == (table, None)
    assert held.trial is None
    assert (decided(held.live).number, decided(held.shadow).number) == (2, 3)


async def test_rolling_back_goes_a_step_further_each_time_and_ends_at_the_base(
    office: Office, lead: Reader
) -> None:
    for version in ("one", "two", "three"):
        base = tables(office.desk.base, await holding(office)).live
        await adopted(office, lead, learned(version, base, device=0.9))
    seen = []
    for _ in range(3):
        await rolled_back(office, lead)
        seen.append(version_in_force(office, await holding(office)))
    assert seen == ["two", "one", SHIPPED.version]
    with pytest.raises(Conflict, match="nothing adopted is in force"):
        await rolled_back(office, lead)
    await adopted(office, lead, learned("four"))
    await rolled_back(office, lead)
    held = await holding(office)
    assert (version_in_force(office, held), held.adopted) == (SHIPPED.version, None)


async def test_a_table_waits_in_shadow_for_as_long_as_the_settings_say(office: Office, lead: Reader) -> None:
    await tried(office, lead, learned())
    office.clock.pass_(24 * 3_600 - 1)
    with pytest.raises(Conflict, match="for long enough"):
        await put_in_force(office, lead, shadow_hours=24.0)
    office.clock.pass_(1)
    await put_in_force(office, lead, shadow_hours=24.0)
    assert version_in_force(office, await holding(office)) == "learned-1"


async def test_one_table_is_tried_at_a_time(office: Office, lead: Reader) -> None:
    await tried(office, lead, learned("one"))
    with pytest.raises(Conflict, match="in shadow already"):
        await tried(office, lead, learned("two"))
    async with office.desk.deciding(lead, knowing=1) as review:
        await review.end_trial()
    await tried(office, lead, learned("two"))
    assert decided((await holding(office)).trial).version == "two"


async def test_what_was_learnt_on_a_table_that_is_in_force_no_more_is_not_put_in_force(
    office: Office, lead: Reader
) -> None:
    await adopted(office, lead, learned("one"))
    await tried(office, lead, learned("two"))
    await rolled_back(office, lead)
    with pytest.raises(Conflict, match="in force no more"):
        await put_in_force(office, lead)
    upgraded = Office(
        replace_base(office, replace(SHIPPED, version="next")), office.clock
    )  # of a release with another table
    with pytest.raises(Conflict, match="in force no more"):
        await put_in_force(upgraded, lead)
    assert version_in_force(upgraded, await holding(upgraded)) == "next"


async def test_after_an_upgrade_one_press_leads_to_the_new_table_past_all_that_was_learnt_on_the_old_one(
    office: Office, lead: Reader
) -> None:
    await adopted(office, lead, learned("one"))
    await adopted(office, lead, learned("two", learned("one")))
    upgraded = Office(replace_base(office, replace(SHIPPED, version="next")), office.clock)
    await rolled_back(upgraded, lead)
    held = await holding(upgraded)
    assert (decided(held.live).version, weights.record_of(decided(held.live)).adjustment) == ("next", None)


def replace_base(office: Office, base: Any) -> Any:
    desk = office.desk
    return type(desk)(desk.database, desk.settings, desk.policy, desk.now, desk.metrics, base)


@on_each_database
async def test_of_two_leads_who_decide_at_once_one_is_told_whose_decision_was_first(
    office: Office, lead: Reader
) -> None:
    other = await office.hire("omar", "lead")
    await adopted(office, lead, learned("one"))
    knowing = (await holding(office)).newest

    async def back(reader: Reader) -> str:
        try:
            async with office.desk.deciding(reader, knowing=knowing) as review:
                await review.roll_back()
        except Conflict as fault:
            return fault.initials
        return "done"

    said = await asyncio.gather(back(lead), back(other), back(lead))
    assert said.count("done") == 1
    first = "L" if said[1] != "done" else "O"
    assert [one for one in said if one != "done"] == [first, first]
    assert (await holding(office)).newest == knowing + 1


async def test_a_reason_is_needed_and_is_kept_as_it_was_written(office: Office, lead: Reader) -> None:
    for reason in ("", " \n ", "\0", "a\0b", "x" * 501):
        with pytest.raises(UnusableInput):
            async with office.desk.deciding(lead, knowing=0) as review:
                await review.try_in_shadow(learned(), reason=reason, figures={})
    async with office.desk.deciding(lead, knowing=0) as review:
        await review.try_in_shadow(learned(), reason=HOSTILE, figures={"labels": 40})
    assert len(HOSTILE) == 500
    assert decided((await holding(office)).trial).reason == HOSTILE
    *_, line = await lines(office)
    detail = msgspec.json.decode(line.detail)
    assert (line.action, line.subject, line.actor) == ("weights-tried", "learned-1", lead.user_id)
    assert detail == {
        "number": 1,
        "stage": "shadow",
        "base": SHIPPED.version,
        "reason": audit.digest_of(HOSTILE),
        "labels": 40,
    }


async def test_every_decision_is_in_the_audit_and_the_chain_holds(office: Office, lead: Reader) -> None:
    await adopted(office, lead, learned("one"))
    await rolled_back(office, lead)
    await tried(office, lead, learned("two"))
    async with office.desk.deciding(lead, knowing=5) as review:
        await review.end_trial()
    told = await lines(office)
    assert [(line.action, line.subject) for line in told[1:]] == [  # after who was added
        ("weights-tried", "one"),
        ("weights-adopted", "one"),
        ("weights-trial-ended", "one"),
        ("weights-rolled-back", SHIPPED.version),
        ("weights-tried", "two"),
        ("weights-trial-ended", "two"),
    ]
    chain = Chain()
    chain.follow(told)
    assert (chain.broken, chain.number) == (None, 7)


async def test_a_desk_that_was_restored_says_again_what_it_knows(office: Office, lead: Reader) -> None:
    await adopted(office, lead, learned("one"))
    async with office.database.begin() as connection:
        await weights_rows.see(connection, "live", 9, "unheard-of", now=office.clock())
        await weights_rows.see(connection, "shadow", 8, "tried-later", now=office.clock())
    held = await holding(office)
    assert held.elsewhere == ("live", "shadow")
    async with office.desk.deciding(lead, knowing=held.newest) as review:
        await review.say_again()
    held = await holding(office)
    assert (decided(held.live).number, decided(held.shadow).number) == (10, 11)
    assert (version_in_force(office, held), held.trial) == ("one", None)
    await rolled_back(office, lead)
    assert version_in_force(office, await holding(office)) == SHIPPED.version
    with pytest.raises(Conflict, match="nothing that this desk does not know"):
        async with office.desk.deciding(lead, knowing=12) as review:
            await review.say_again()


@pytest.mark.parametrize("number", [weights.NUMBER_MAX, weights.NUMBER_MAX - 1, weights.AHEAD_MAX + 1])
async def test_a_number_on_the_topic_that_no_desk_counted_to_is_not_counted_on_from(
    office: Office, lead: Reader, number: int
) -> None:
    """Else the next decisions were the last ones, and a topic that is made anew would not help."""
    async with office.database.begin() as connection:
        await weights_rows.see(connection, "live", number, "", now=office.clock())
    for errand in (tried(office, lead, learned()), said_again(office, lead)):
        with pytest.raises(Conflict, match="made anew"):
            await errand
    async with office.database.begin() as connection:
        await weights_rows.see(connection, "live", weights.AHEAD_MAX - 1, "", now=office.clock())
    await tried(office, lead, learned())
    assert (await holding(office)).newest == weights.AHEAD_MAX


async def said_again(office: Office, lead: Reader) -> None:
    knowing = (await holding(office)).newest
    async with office.desk.deciding(lead, knowing=knowing) as review:
        await review.say_again()


async def test_what_workers_would_refuse_is_not_decided(office: Office, lead: Reader) -> None:
    for table in (learned("v" * 65), learned(device=11.0), replace(learned(), slope=11.0)):
        with pytest.raises(Conflict, match="beyond what workers take"):
            await tried(office, lead, table)
    assert (await holding(office)).newest == 0


async def test_a_clock_that_is_set_back_decides_nothing(office: Office, lead: Reader) -> None:
    await adopted(office, lead, learned("one"))
    office.clock.pass_(-10 * 86_400.0)
    await rolled_back(office, lead)
    held = await holding(office)
    assert (version_in_force(office, held), held.newest) == (SHIPPED.version, 4)
    async with office.database.read() as connection:
        assert [row.number for row in await weights_rows.history(connection, 2)] == [4, 3]


async def test_a_decision_is_the_record_that_travels(office: Office, lead: Reader) -> None:
    table = learned("one", device=0.5)
    await adopted(office, lead, table)
    held = await holding(office)
    record = weights.record_of(decided(held.live))
    again = msgspec.json.decode(encode(record), type=WeightsAdopted)
    assert in_force(SHIPPED, again.adjustment) == table
    assert weights.record_of(decided(held.shadow)) == WeightsAdopted(stage="shadow", number=3)
    assert adjustment_in(held.shadow) is None
    assert not isinstance(again, ReviewError)


async def test_what_no_worker_was_told_of_was_not_in_shadow(office: Office, lead: Reader) -> None:
    """Kafka was away for the whole trial: nobody counted by it."""
    await tried(office, lead, learned(handle=0.9))
    async with office.database.begin() as connection:
        await weights_rows.see(connection, "shadow", 0, "", now=office.clock())
    with pytest.raises(Conflict, match="no worker has counted by it"):
        await put_in_force(office, lead)
    await published(office)
    await put_in_force(office, lead)


# Which values are proposed for quarantine, what leads may decide, and what the topic is told.

VALUE, AFTER_ROTATION = "ab" * 10, "cd" * 10
READERS = ("ana", "ben", "cem", "dee")


async def dismissed(
    office: Office,
    count: int = DISMISSALS_MIN,
    *,
    first: int = 0,
    readers: Iterable[str] = READERS,
    digests: tuple[str, ...] = (VALUE,),
    sampled: float | None = None,
    **given: Any,
) -> None:
    """So many alerts on accounts that share a value arrive, and readers in turn dismiss them blind."""
    names = list(readers)
    for number in range(first, first + count):
        line = a_reason("device", 3.0, value_digests=(digests,))
        alert_id = f"alert-{number}"
        await office.receive(alert_id, reasons=(line,), sampled=sampled)
        words = {"verdict": "not_mirror", "reviewer": names[number % len(names)], **given}
        await judged(office, [a_judged(alert_id, line)], **words)


def a_judged(alert_id: str, *lines: Any) -> MirrorAlert:
    return an_alert(*lines, alert_id=alert_id)


async def proposed(office: Office) -> tuple[ValueFigures, ...]:
    async with office.database.read() as connection:
        return (await view(connection, now=office.clock())).proposals


async def decide(office: Office, reader: Reader, action: str, digest: str = VALUE, **given: Any) -> None:
    async with office.database.read() as connection:
        knowing = await quarantine_rows.newest(connection)
    async with office.desk.quarantining(reader, knowing=given.pop("knowing", knowing)) as review:
        await getattr(review, action)(digest, **{"reason": "a shop's device", **given})


async def told(office: Office) -> dict[str, ValueQuarantined]:
    async with office.database.read() as connection:
        return await quarantine.records(connection)


async def test_value_that_readers_agree_about_is_proposed_with_its_figures(office: Office) -> None:
    await dismissed(office)
    (value,) = await proposed(office)
    assert (value.digest, value.signal) == (VALUE, "device")
    assert (value.dismissals, value.mirrors, value.readers, value.most_by_one) == (16, 0, 4, 4)
    assert (value.accounts, value.bans) == (16, 1)
    assert value.precision_high < 0.2


@pytest.mark.parametrize(
    "given",
    [
        {"count": DISMISSALS_MIN - 1},
        {"readers": ("ana", "ben")},
        {"readers": ("ana", "ana", "ana", "ben", "cem")},  # most by one
        {"blind": False},
        {"kind": "elsewhere"},  # blind by the sender's word alone
        {"verdict": "unsure"},
        {"undone_at": 1.0},
        {"sampled": 0.5},  # below the bands: nobody was alerted by the value
    ],
)
async def test_value_without_enough_of_blind_agreement_is_not_proposed(
    office: Office, given: dict[str, Any]
) -> None:
    await dismissed(office, **{"count": 20, **given})
    assert await proposed(office) == ()


async def test_a_mirror_among_the_dismissals_counts_against_a_proposal(office: Office) -> None:
    await dismissed(office, 18)
    await dismissed(office, 1, first=18, verdict="mirror")
    assert await proposed(office) == ()  # 1 of 19: below .25
    await dismissed(office, 20, first=19)
    (value,) = await proposed(office)
    assert (value.dismissals, value.mirrors) == (38, 1)


async def test_lead_puts_a_value_in_quarantine_and_ends_it(office: Office, lead: Reader) -> None:
    await dismissed(office)
    await decide(office, lead, "put", days=30)
    assert await proposed(office) == ()
    (record,) = (await told(office)).values()
    assert (record.digest, record.by, record.reason) == (VALUE, lead.user_id, "a shop's device")
    assert record.until is not None
    assert record.until.timestamp() == office.clock() + 30 * DAY_SECONDS
    await decide(office, lead, "end")
    (ended,) = (await told(office)).values()
    assert ended.until is None
    assert ended.revision > record.revision
    assert await proposed(office) == ()  # verdicts before the decision count no more
    with pytest.raises(Conflict, match="not in quarantine"):
        await decide(office, lead, "end")
    async with office.database.read() as connection:
        lines = [it for it in await audit.lines(connection, after=0, limit=100) if it.subject == VALUE]
    assert [it.action for it in lines] == ["quarantine-put", "quarantine-ended"]


async def test_refused_value_is_told_to_nobody_and_proposed_by_new_dismissals_alone(
    office: Office, lead: Reader
) -> None:
    await dismissed(office)
    await decide(office, lead, "refuse")
    assert (await told(office), await proposed(office)) == ({}, ())
    await dismissed(office, first=100, decided_at=office.clock() + 60.0)
    (value,) = await proposed(office)
    assert value.dismissals == DISMISSALS_MIN


@on_each_database
async def test_values_that_cannot_be_proposed_take_no_place_of_one_that_can(
    office: Office, lead: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, often_right, agreed = ("12" * 10,), ("34" * 10,), ("56" * 10,)
    await dismissed(office, 20, digests=refused)
    await decide(office, lead, "refuse", *refused)
    later: dict[str, Any] = {"decided_at": office.clock() + 60.0}
    await dismissed(office, 20, first=20, digests=often_right, **later)
    await dismissed(office, 8, first=40, digests=often_right, verdict="mirror", **later)
    await dismissed(office, first=50, digests=agreed, **later)
    monkeypatch.setattr(quarantine, "PROPOSALS_MAX", 1)
    assert [value.digest for value in await proposed(office)] == [*agreed]


async def test_digest_under_a_new_pepper_follows_its_value(office: Office, lead: Reader) -> None:
    await dismissed(office)
    await decide(office, lead, "put", days=30)
    assert (await told(office)).keys() == {VALUE}
    await dismissed(office, 1, first=50, digests=(AFTER_ROTATION, VALUE))
    assert (await told(office)).keys() == {VALUE, AFTER_ROTATION}
    await dismissed(office, 20, first=60, digests=(AFTER_ROTATION,))
    assert await proposed(office) == ()  # it is in quarantine under its former digest


async def test_values_of_a_deleted_account_are_forgotten(office: Office) -> None:
    await dismissed(office)
    for number in range(4):
        gone: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": "account-deleted"}
        await office.receive(f"alert-{number}", revision=5, **gone)
    assert await proposed(office) == ()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reason": " "}, UnusableInput),
        ({"reason": "x" * 501}, UnusableInput),
        ({"days": 0}, UnusableInput),
        ({"days": 181}, UnusableInput),
        ({"knowing": 7}, Conflict),
        ({"digest": "ee" * 10}, Conflict),
    ],
)
async def test_decision_that_cannot_stand_is_refused(
    office: Office, lead: Reader, given: dict[str, Any], error: type[ReviewError]
) -> None:
    await dismissed(office)
    with pytest.raises(error):
        await decide(office, lead, "put", **{"days": 30, **given})
    assert await told(office) == {}


async def test_only_a_lead_decides(office: Office) -> None:
    await dismissed(office)
    for role in ("moderator", "auditor"):
        with pytest.raises(Forbidden):
            await decide(office, await office.hire(role, role), "put", days=30)
