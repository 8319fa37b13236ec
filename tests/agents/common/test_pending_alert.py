"""An alert on its way names the event that claims it."""

from __future__ import annotations

from agents.common.pending_alert import PendingAlert


def test_the_event_that_claims_an_alert_is_named_and_a_ban_is_not() -> None:
    def of(claimant: str) -> str | None:
        return PendingAlert("a1", 1, claimant, "likely", "forward", "", None, "x:1").event_id

    assert of("forward:01J9:Z") == "01J9:Z"
    assert of("update:e") == "e"
    assert of("lookback:x:1:2.0") is None
    assert of("") is None
