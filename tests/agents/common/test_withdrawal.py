"""What consumers are told of an alert that is taken back."""

from __future__ import annotations

from dataclasses import replace as replace_fields

import pytest
from msgspec.structs import replace

from agents.common.converters import moment
from agents.common.withdrawal import QUOTING, told
from schemas import examples
from schemas.alerts import QUOTES_REMOVED, WITHDRAWN_REASONS, AlertSummary, MirrorAlert, WithdrawnReason
from schemas.record import Record
from schemas.wire import encode
from store.base import OpenAlert, Owed, SummaryCounts

AT = 1_795_528_800.0


def owed(record: Record | bytes, reason: WithdrawnReason = "reinstated", revision: int = 2) -> Owed:
    """Something that the store owes."""
    payload = record if isinstance(record, bytes) else encode(record)
    return Owed(OpenAlert("a1", "x:9907", "x:2201", "likely", 1, payload, AT), revision, reason, AT)


@pytest.mark.parametrize("reason", WITHDRAWN_REASONS)
def test_a_withdrawal_says_why_and_when_under_its_own_revision(reason: WithdrawnReason) -> None:
    found = told(owed(examples.ALERT, reason, 7))
    assert isinstance(found, MirrorAlert)
    assert (found.status, found.revision, found.withdrawn_reason) == ("withdrawn", 7, reason)
    assert found.withdrawn_at == moment(AT)
    assert found.fault() is None, "it still adds up"


@pytest.mark.parametrize("reason", WITHDRAWN_REASONS)
def test_it_quotes_nobody_who_is_to_be_forgotten(reason: WithdrawnReason) -> None:
    found = told(owed(examples.ALERT, reason))
    assert isinstance(found, MirrorAlert)
    lines = (*found.evidence, *found.counter_evidence)
    if reason in QUOTING:
        assert (*examples.ALERT.evidence, *examples.ALERT.counter_evidence) == lines
    else:
        assert {(line.ours, line.theirs, line.because) for line in lines} == {("", "", QUOTES_REMOVED)}
        assert found.others == ()


def test_a_summary_is_withdrawn_like_an_alert() -> None:
    found = told(owed(examples.SUMMARY, "ban-expired"))
    assert isinstance(found, AlertSummary)
    assert (found.status, found.revision, found.withdrawn_reason) == ("withdrawn", 2, "ban-expired")


def test_what_does_not_read_back_is_no_withdrawal() -> None:
    assert told(owed(b"of another version")) is None


def test_an_alert_written_by_a_clock_that_was_ahead_reads_back() -> None:
    ahead = replace(examples.ALERT, detected_at=moment(AT + 10 * 365 * 86_400))
    assert told(owed(ahead)) is not None


def test_an_open_summary_has_the_counts_of_now() -> None:
    one = replace_fields(owed(examples.SUMMARY, revision=4), reason=None, counts=SummaryCounts(50, 2, 7))
    found = told(one)
    assert isinstance(found, AlertSummary)
    assert (found.status, found.revision, found.withdrawn_reason) == ("open", 4, None)
    assert (found.published, found.withheld_likely, found.withheld_possible) == (50, 2, 7)


def test_an_alert_that_is_open_again_is_told_as_it_stood_whatever_was_stored_of_its_withdrawal() -> None:
    again = replace_fields(owed(examples.WITHDRAWN), reason=None, revision=3)
    assert told(again) == replace(
        examples.WITHDRAWN, revision=3, status="open", withdrawn_at=None, withdrawn_reason=None
    )
