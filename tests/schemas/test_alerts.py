"""What people are told, and that it always adds up."""

from __future__ import annotations

from math import inf, nan

import msgspec
import pytest

from schemas import examples
from schemas.alerts import NOTICE, AlertSummary, MirrorAlert
from schemas.wire import decode_alert, encode
from tests.schemas.makers import NOW, an_alert, as_json, fault, record_of

DESIGNED = (
    "alert_id revision status platform account_id direction matched prior log_odds probability band evidence "
    "counter_evidence rivals others not_read not_compared queue weights_version fold_version detected_at "
    "seconds_since_ban seconds_since_event withdrawn_at withdrawn_reason drawn notice"
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


@pytest.mark.parametrize("share", [-0.01, 1.01])
def test_a_share_of_a_rival_beyond_the_whole_is_refused(share: float) -> None:
    rival = {"name": "household", "share": share, "sentence": ""}
    assert fault(decode_alert(an_alert(rivals=[rival]), now=NOW)) == ("out-of-range", "$.rivals[0].share")


def test_an_alert_says_that_a_person_decides() -> None:
    assert as_json(examples.ALERT)["notice"] == NOTICE == "resemblance, not identity; a person decides"


def test_evidence_sums_to_the_log_odds() -> None:
    assert abs(examples.ALERT.imbalance) < 1e-9
    assert fault(decode_alert(an_alert(log_odds=5.2501), now=NOW)) == ("contradiction", "$.log_odds")
    assert record_of(decode_alert(an_alert(log_odds=5.25 + 1e-10), now=NOW))


@pytest.mark.parametrize(
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


@pytest.mark.parametrize("number", [inf, -inf, nan])
@pytest.mark.parametrize("field", ["prior", "log_odds", "probability", "seconds_since_ban"])
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
