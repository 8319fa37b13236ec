"""What learning would change is told of pairs that the fit had not seen, and of alerts weighed again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from desk.database.alerts import PayloadRow
from desk.review.weighing.labels import label
from desk.review.weighing.proposal import JudgedBlind, Rescored, factors, propose, try_out
from samehand.scoring.learn import learn
from schemas.alerts import MirrorAlert
from schemas.wire import encode
from tests.desk.makers import a_reason, an_alert
from tests.desk.review.test_figures import a_row
from tests.desk.weighing import SHIPPED, an_alert_of, is_mirror, learned


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
