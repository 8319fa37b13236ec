"""A state says what the store needs to know an alert again, and quotes nobody."""

from __future__ import annotations

from math import inf

from msgspec.structs import replace

from agents.common.alert_states import forgotten_emit, recall, recalled_of, state_emit
from schemas.alert_state import AlertState
from schemas.examples import ALERT, STATE, SUMMARY, WITHDRAWN
from schemas.wire import Decoded, decode_alert_state
from tests.agents.conftest import Life

SEEN_AT, SINCE = ALERT.detected_at.timestamp() - 60, ALERT.detected_at.timestamp()


def test_state_is_sent_after_its_alert_under_its_id(life: Life) -> None:
    emit = state_emit(ALERT, seen_at=SEEN_AT, since=SINCE, context=life.context)
    assert (emit.topic, emit.key, emit.last) == ("t.alerts.state", ALERT.alert_id.encode(), True)
    read = decode_alert_state(emit.value, now=inf)
    assert isinstance(read, Decoded)
    alert, since = recalled_of(read.record)
    assert (alert.account, alert.banned, alert.band) == ("x:9907", "x:2201", "likely")
    assert (alert.revision, alert.open, alert.seen_at, since) == (ALERT.revision, True, SEEN_AT, SINCE)
    assert b"northwind" not in alert.payload


def test_summary_has_a_state_too(life: Life) -> None:
    emit = state_emit(SUMMARY, seen_at=0.0, since=SINCE, context=life.context)
    read = decode_alert_state(emit.value, now=inf)
    assert isinstance(read, Decoded)
    alert, _ = recalled_of(read.record)
    assert (alert.account, alert.banned, alert.band, alert.seen_at) == ("x:2201", "x:2201", "none", 0.0)


def test_what_is_forgotten_leaves_no_value(life: Life) -> None:
    emit = forgotten_emit(ALERT.alert_id, life.context)
    assert (emit.key, emit.value, emit.last) == (ALERT.alert_id.encode(), None, True)


async def test_dismissed_pair_is_silent_unless_a_verdict_is_known(life: Life) -> None:
    dismissed = replace(WITHDRAWN, withdrawn_reason="verdict")
    state: AlertState = replace(STATE, alert=dismissed)
    assert await recall([state], life.context) == 1
    (decided,) = await life.context.store.decided([ALERT.alert_id])
    assert decided is not None
    assert (decided.verdict, decided.decided_at) == ("not_mirror", 0.0)
