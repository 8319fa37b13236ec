"""The state of an alert: one of two, without quotes, and never half withdrawn."""

from __future__ import annotations

from math import inf

import pytest
from msgspec.structs import replace

from schemas.alert_state import AlertState, unquoted_alert
from schemas.alerts import QUOTES_REMOVED
from schemas.examples import ALERT, STATE, SUMMARY, WITHDRAWN
from schemas.malformed import Malformed
from schemas.wire import Decoded, decode_alert_state, encode

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


@pytest.mark.parametrize(
    "state", [STATE, replace(STATE, alert=WITHDRAWN), replace(STATE, alert=None, summary=SUMMARY)]
)
def test_state_reads_back(state: AlertState) -> None:
    read = decode_alert_state(encode(state), now=inf)
    assert isinstance(read, Decoded)
    assert read.record == state


@pytest.mark.parametrize("state", BROKEN.values(), ids=BROKEN)
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
