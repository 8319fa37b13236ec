"""A marker survives being a line of text, whatever platforms call their accounts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.common.pending_alert import PendingAlert, read_marker

words = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,20}", fullmatch=True).filter(lambda word: word != "-")


@given(
    alert_id=st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    revision=st.integers(1, 2**31),
    claimant=st.just("") | st.text().map(lambda event: f"forward:{event}"),
    queue=st.just("") | words,
    since=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    banned=st.text(min_size=1),
)
def test_a_marker_reads_back(
    alert_id: str, revision: int, claimant: str, queue: str, since: float | None, banned: str
) -> None:
    marker = PendingAlert(alert_id, revision, claimant, "likely", "forward", queue, since, banned)
    assert read_marker(str(marker)) == marker


def test_what_is_no_marker_is_refused() -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        read_marker("something else")


def test_the_event_that_claims_an_alert_is_named_and_a_ban_is_not() -> None:
    def of(claimant: str) -> str | None:
        return PendingAlert("a1", 1, claimant, "likely", "forward", "", None, "x:1").event_id

    assert of("forward:01J9:Z") == "01J9:Z"
    assert of("update:e") == "e"
    assert of("lookback:x:1:2.0") is None
    assert of("") is None
