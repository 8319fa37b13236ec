"""Which alerts end, what is left of them, and what is told before they are."""

from __future__ import annotations

from dataclasses import replace as replace_fields
from math import inf

from msgspec.structs import replace

from agents.common.alert_states import forgotten_emit, recall, recalled_of, state_emit
from agents.common.alerts import PendingAlert
from agents.common.converters import moment
from agents.common.tombstones import OCCURRED_AT_HEADER, occurred_at, tombstone
from agents.common.withdrawal import QUOTING, record_of
from schemas import examples
from schemas.alert_state import AlertState
from schemas.alerts import QUOTES_REMOVED, WITHDRAWN_REASONS, AlertSummary, MirrorAlert, WithdrawnReason
from schemas.examples import ALERT, STATE, SUMMARY, WITHDRAWN
from schemas.record import Record
from schemas.wire import Decoded, decode_alert_state, encode
from store.base import OpenAlert, Owed, SummaryCounts
from tests.agents.conftest import Life
from tests.makers import NOON, arrival
from tests.tables import for_each

# A state says what the store needs to know an alert again, and quotes nobody.

SEEN_AT, SINCE = ALERT.detected_at.timestamp() - 60, ALERT.detected_at.timestamp()


def test_state_is_sent_after_its_alert_under_its_id(life: Life) -> None:
    emit = state_emit(ALERT, seen_at=SEEN_AT, since=SINCE, context=life.context)
    assert (emit.topic, emit.key, emit.last) == ("t.alerts.state", ALERT.alert_id.encode(), True)
    read = decode_alert_state(emit.value, now=inf)
    assert isinstance(read, Decoded)
    alert = recalled_of(read.record)
    assert (alert.account, alert.banned, alert.band) == ("x:9907", "x:2201", "likely")
    assert (alert.revision, alert.open, alert.seen_at) == (ALERT.revision, True, SEEN_AT)
    assert b"northwind" not in alert.payload


def test_summary_has_a_state_too(life: Life) -> None:
    emit = state_emit(SUMMARY, seen_at=0.0, since=SINCE, context=life.context)
    read = decode_alert_state(emit.value, now=inf)
    assert isinstance(read, Decoded)
    alert = recalled_of(read.record)
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


# A tombstone says when: by its header, or else by the broker's clock.


def test_a_tombstone_tells_when_its_reinstatement_occurred() -> None:
    emit = tombstone("x:1", 1_700_000_000.25, "accounts.banned")
    assert (emit.key, emit.value) == (b"x:1", None)
    assert occurred_at(arrival(None, headers=dict(emit.headers))) == 1_700_000_000.25


@for_each("headers", [{}, {"other": b"7"}, {OCCURRED_AT_HEADER: b"soon"}])
def test_one_that_somebody_else_wrote_occurred_when_the_broker_took_it(headers: dict[str, bytes]) -> None:
    assert occurred_at(arrival(None, headers=headers)) == NOON.timestamp()


# An alert on its way names the event that claims it.


def test_the_event_that_claims_an_alert_is_named_and_a_ban_is_not() -> None:
    def of(claimant: str) -> str | None:
        return PendingAlert("a1", 1, claimant, "likely", "forward", "", None, "x:1").event_id

    assert of("forward:01J9:Z") == "01J9:Z"
    assert of("update:e") == "e"
    assert of("lookback:x:1:2.0") is None
    assert of("") is None


# What consumers are told of an alert that is taken back.

AT = 1_795_528_800.0


def owed(record: Record | bytes, reason: WithdrawnReason = "reinstated", revision: int = 2) -> Owed:
    """Something that the store owes."""
    payload = record if isinstance(record, bytes) else encode(record)
    return Owed(OpenAlert("a1", "x:9907", "x:2201", "likely", 1, payload, AT), revision, reason, AT)


@for_each("reason", WITHDRAWN_REASONS)
def test_a_withdrawal_says_why_and_when_under_its_own_revision(reason: WithdrawnReason) -> None:
    found = record_of(owed(examples.ALERT, reason, 7))
    assert isinstance(found, MirrorAlert)
    assert (found.status, found.revision, found.withdrawn_reason) == ("withdrawn", 7, reason)
    assert found.withdrawn_at == moment(AT)
    assert found.fault() is None, "it still adds up"


@for_each("reason", WITHDRAWN_REASONS)
def test_it_quotes_nobody_who_is_to_be_forgotten(reason: WithdrawnReason) -> None:
    found = record_of(owed(examples.ALERT, reason))
    assert isinstance(found, MirrorAlert)
    lines = (*found.evidence, *found.counter_evidence)
    if reason in QUOTING:
        assert (*examples.ALERT.evidence, *examples.ALERT.counter_evidence) == lines
    else:
        assert {(line.ours, line.theirs, line.because) for line in lines} == {("", "", QUOTES_REMOVED)}
        assert found.others == ()


def test_a_summary_is_withdrawn_like_an_alert() -> None:
    found = record_of(owed(examples.SUMMARY, "ban-expired"))
    assert isinstance(found, AlertSummary)
    assert (found.status, found.revision, found.withdrawn_reason) == ("withdrawn", 2, "ban-expired")


def test_what_does_not_read_back_is_no_withdrawal() -> None:
    assert record_of(owed(b"of another version")) is None


def test_an_alert_written_by_a_clock_that_was_ahead_reads_back() -> None:
    ahead = replace(examples.ALERT, detected_at=moment(AT + 10 * 365 * 86_400))
    assert record_of(owed(ahead)) is not None


def test_an_open_summary_has_the_counts_of_now() -> None:
    one = replace_fields(owed(examples.SUMMARY, revision=4), reason=None, counts=SummaryCounts(50, 2, 7))
    found = record_of(one)
    assert isinstance(found, AlertSummary)
    assert (found.status, found.revision, found.withdrawn_reason) == ("open", 4, None)
    assert (found.published, found.withheld_likely, found.withheld_possible) == (50, 2, 7)


def test_an_alert_that_is_open_again_is_told_as_it_stood_whatever_was_stored_of_its_withdrawal() -> None:
    again = replace_fields(owed(examples.WITHDRAWN), reason=None, revision=3)
    assert record_of(again) == replace(
        examples.WITHDRAWN, revision=3, status="open", withdrawn_at=None, withdrawn_reason=None
    )
