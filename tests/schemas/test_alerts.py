"""Alerts, their headers, revisions and states."""

from __future__ import annotations

from math import inf, nan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import examples
from schemas.alert_headers import ALERT_HEADERS, alert_headers
from schemas.alert_state import AlertState, unquoted_alert
from schemas.alerts import NOTICE, QUOTES_REMOVED, AlertSummary, MirrorAlert
from schemas.examples import ALERT, STATE, SUMMARY, WITHDRAWN
from schemas.malformed import Malformed
from schemas.revisions import BY_TIME_MAX, COUNTED_FROM, by_time, next_revision
from schemas.wire import Decoded, decode_alert, decode_alert_state, encode
from tests.schemas.makers import NOW, an_alert, as_json, fault, record_of
from tests.tables import for_each

# What people are told, and that it always adds up.

DESIGNED = (
    "alert_id revision status platform account_id direction matched prior log_odds probability band evidence "
    "counter_evidence rivals others not_read not_compared queue weights_version fold_version detected_at "
    "seconds_since_ban seconds_since_event withdrawn_at withdrawn_reason lifted drawn notice"
)


def test_an_alert_always_sends_every_field_in_the_documented_order() -> None:
    quiet = msgspec.structs.replace(examples.ALERT, queue=None, others=(), seconds_since_ban=None)
    assert list(as_json(quiet)) == DESIGNED.split()


def test_an_alert_of_a_release_that_named_no_rivals_is_read() -> None:
    former = as_json(examples.ALERT)
    del former["rivals"]
    for line in (*former["evidence"], *former["counter_evidence"]):
        del line["explained"]
    read = record_of(decode_alert(msgspec.json.encode(former), now=NOW))
    assert isinstance(read, MirrorAlert)
    assert read.rivals == ()
    assert read == msgspec.structs.replace(examples.ALERT, rivals=())


@for_each("share", [-0.01, 1.01])
def test_a_share_of_a_rival_beyond_the_whole_is_refused(share: float) -> None:
    rival = {"name": "household", "share": share, "sentence": ""}
    assert fault(decode_alert(an_alert(rivals=[rival]), now=NOW)) == ("out-of-range", "$.rivals[0].share")


def test_an_alert_says_that_a_person_decides() -> None:
    assert as_json(examples.ALERT)["notice"] == NOTICE == "resemblance, not identity; a person decides"


def test_evidence_sums_to_the_log_odds() -> None:
    assert abs(examples.ALERT.imbalance) < 1e-9
    assert fault(decode_alert(an_alert(log_odds=5.2501), now=NOW)) == ("contradiction", "$.log_odds")
    assert record_of(decode_alert(an_alert(log_odds=5.25 + 1e-10), now=NOW))


@for_each(
    ("field", "value", "reason"),
    [
        ("band", "certain", "not-allowed"),
        ("status", "closed", "not-allowed"),
        ("direction", "sideways", "not-allowed"),
        ("probability", 1.01, "out-of-range"),
        ("probability", -0.01, "out-of-range"),
        ("revision", 0, "out-of-range"),
        ("evidence", {}, "wrong-type"),
        ("alert_id", "", "too-short"),
        ("queue", "a queue", "bad-format"),
    ],
)
def test_an_alert_of_another_shape_is_refused(field: str, value: object, reason: str) -> None:
    assert fault(decode_alert(an_alert(**{field: value}), now=NOW)) == (reason, f"$.{field}")


@for_each("number", [inf, -inf, nan])
@for_each("field", ["prior", "log_odds", "probability", "seconds_since_ban"])
def test_a_number_that_json_cannot_carry_never_gets_into_an_alert(field: str, number: float) -> None:
    with pytest.raises(ValueError, match=field):
        msgspec.structs.replace(examples.ALERT, **{field: number})


def test_a_weight_is_a_finite_number() -> None:
    line = examples.ALERT.evidence[0]
    with pytest.raises(ValueError, match="weight"):
        type(line)(**{**msgspec.structs.asdict(line), "weight": nan})


def test_a_summary_travels_on_the_same_topic_and_is_told_apart() -> None:
    summary = record_of(decode_alert(encode(examples.SUMMARY), now=NOW))
    assert isinstance(summary, AlertSummary)
    assert (summary.key, summary.withheld) == ("x:2201", 124)
    assert isinstance(record_of(decode_alert(encode(examples.ALERT), now=NOW)), MirrorAlert)


def test_a_broken_summary_is_named_as_a_summary() -> None:
    broken = {**as_json(examples.SUMMARY), "published": -1}
    assert fault(decode_alert(msgspec.json.encode(broken), now=NOW)) == ("out-of-range", "$.published")


def test_an_alert_names_both_accounts_with_their_platforms() -> None:
    assert (examples.ALERT.key, examples.ALERT.matched.key) == ("x:9907", "x:2201")


# Whoever routes alerts reads their headers alone.


def test_an_alert_says_in_headers_where_it_belongs() -> None:
    assert dict(alert_headers(ALERT)) == {
        "alert_id": b"5d41402abc4b2a76b9719d911017c592",
        "revision": str(ALERT.revision).encode(),
        "status": b"open",
        "band": b"likely",
        "queue": b"extremism",
        "policy": b"violent-extremism",
    }
    assert [name for name, _ in alert_headers(ALERT)] == list(ALERT_HEADERS)


def test_a_withdrawal_is_told_from_an_alert_without_reading_it() -> None:
    told = dict(alert_headers(WITHDRAWN))
    assert (told["status"], told["revision"]) == (b"withdrawn", str(WITHDRAWN.revision).encode())


def test_what_a_record_does_not_say_has_no_header() -> None:
    assert "band" not in dict(alert_headers(SUMMARY))
    nowhere = replace(ALERT, queue=None, matched=replace(ALERT.matched, policy=None))
    assert set(dict(alert_headers(nowhere))) == {"alert_id", "revision", "status", "band"}


# The state of an alert: one of two, without quotes, and never half withdrawn.

BROKEN = {
    "neither": replace(STATE, alert=None),
    "both": replace(STATE, summary=SUMMARY),
    "unbalanced": replace(STATE, alert=replace(ALERT, log_odds=9.0)),
    "open with a reason": replace(STATE, alert=replace(ALERT, withdrawn_reason="verdict")),
    "withdrawn without one": replace(STATE, alert=replace(WITHDRAWN, withdrawn_reason=None)),
}


def test_state_is_keyed_by_its_alert() -> None:
    summary = AlertState(summary=SUMMARY, since=SUMMARY.detected_at)
    assert (STATE.key, summary.key) == (ALERT.alert_id, SUMMARY.alert_id)
    assert (STATE.record, summary.record) == (STATE.alert, SUMMARY)


@for_each("state", [STATE, replace(STATE, alert=WITHDRAWN), replace(STATE, alert=None, summary=SUMMARY)])
def test_state_reads_back(state: AlertState) -> None:
    read = decode_alert_state(encode(state), now=inf)
    assert isinstance(read, Decoded)
    assert read.record == state


@for_each("state", BROKEN.values())
def test_broken_state_is_refused(state: AlertState) -> None:
    read = decode_alert_state(encode(state), now=inf)
    assert isinstance(read, Malformed)
    assert read.reason == "contradiction"


def test_unquoted_alert_has_no_word_of_either_account_and_still_adds_up() -> None:
    bare = unquoted_alert(ALERT)
    lines = (*bare.evidence, *bare.counter_evidence)
    assert {(it.ours, it.theirs, it.because) for it in lines} == {("", "", QUOTES_REMOVED)}
    assert (bare.others, bare.fault()) == ((), None)
    assert b"northwind" not in encode(bare)


# Revisions grow, whatever the clock says.

CLOCKS = st.floats(min_value=-1e18, max_value=1e18, allow_nan=False)


@given(st.integers(0, BY_TIME_MAX), CLOCKS)
def test_next_revision_is_above_the_known_one_and_fits_a_record(known: int, now: float) -> None:
    assert known < next_revision(known, now) < 2**31 - 1


@given(st.integers(0, 2**31), CLOCKS)
def test_next_revision_is_not_below_its_moment(known: int, now: float) -> None:
    assert next_revision(known, now) >= by_time(now) >= 1


def test_next_revision_within_a_second_counts_on_by_one() -> None:
    known = by_time(COUNTED_FROM + 60.0)
    assert next_revision(known, COUNTED_FROM + 60.0) == known + 1


def test_revision_by_time_counts_seconds_since_2020() -> None:
    assert [by_time(COUNTED_FROM + it) for it in (-1.0, 0.5, 1.9, 86_400.0)] == [1, 1, 1, 86_400]
    assert by_time(float("inf")) == BY_TIME_MAX


def test_examples_have_revisions_of_their_moments() -> None:
    assert by_time(ALERT.detected_at.timestamp()) - 1 <= ALERT.revision < WITHDRAWN.revision
