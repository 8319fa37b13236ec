"""The rules of alerts, over every order of events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from store.base import Ruling
from store.common.alert_dedup import Marker, band_rank, claimed, confirmed, ruled, withdrawn
from store.limits import CLAIM_SECONDS

MINE, OTHERS = b"my event", b"another event"
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["possible", "likely", "confirm", "withdraw", "wait"]),
        st.sampled_from([MINE, OTHERS]),
    ),
    max_size=30,
)


def test_bands_rank_by_certainty_and_an_unknown_one_as_none() -> None:
    assert band_rank("likely") > band_rank("possible") > band_rank("none") == band_rank("whatever")


@given(EVENTS)
def test_revisions_never_fall_and_what_is_confirmed_stays_told(
    events: list[tuple[str, bytes]],
) -> None:
    marker: Marker | None = None
    last, published, now = 0, -1, 0.0
    for event, claim in events:
        if event == "wait":
            now += CLAIM_SECONDS
        elif event == "confirm" and marker is not None:
            if claimed(marker, claim, last):
                marker = confirmed(marker)
            published = marker.confirmed
        elif event == "withdraw" and marker is not None:
            marker, last, published = withdrawn(marker, last, now), marker.revision + 1, -1
        elif event in ("possible", "likely"):
            ruling, after = ruled(marker, band_rank(event), claim, now)
            assert ruling.ruling is Ruling.DUPLICATE or band_rank(event) > published
            assert (after is None) == (ruling.ruling is Ruling.DUPLICATE)
            if after is not None:
                assert ruling.revision >= last
                marker, last = after, ruling.revision


def test_a_lost_confirmation_repeats_the_revision() -> None:
    _, marker = ruled(None, 1, MINE, 0.0)
    again, _ = ruled(marker, 1, MINE, 1.0)
    risen, _ = ruled(marker, 2, MINE, 1.0)
    assert (again.revision, risen.revision) == (1, 2)


def test_what_is_proposed_only_again_needs_a_claim_of_its_own_that_is_open() -> None:
    _, marker = ruled(None, 1, MINE, 0.0)
    assert marker is not None
    own, _ = ruled(marker, 1, MINE, 1.0, again_only=True)
    assert (own.ruling, own.revision) == (Ruling.PUBLISH, 1)
    for known, claim in [(None, MINE), (marker, OTHERS), (confirmed(marker), MINE)]:
        refused, after = ruled(known, 2, claim, 2 * CLAIM_SECONDS, again_only=True)
        assert (refused.ruling, after) == (Ruling.DUPLICATE, None)


def test_another_event_waits_until_the_claim_is_over() -> None:
    _, marker = ruled(None, 1, MINE, 0.0)
    early, _ = ruled(marker, 1, OTHERS, CLAIM_SECONDS - 1)
    late, taken = ruled(marker, 1, OTHERS, CLAIM_SECONDS)
    assert (early.ruling, late.revision) == (Ruling.DUPLICATE, 1)
    assert taken is not None
    assert not claimed(taken, MINE, 1)
    assert claimed(taken, OTHERS, 1)


def test_a_late_confirmation_does_not_confirm_a_later_revision() -> None:
    """The same event, read by another worker, has proposed the pair anew since its alert was withdrawn."""
    _, marker = ruled(None, 1, MINE, 0.0)
    ruling, anew = ruled(withdrawn(marker, 1, 0.0), 1, MINE, 1.0)
    assert ruling.revision == 3
    assert anew is not None
    assert not claimed(anew, MINE, 1)
    assert claimed(anew, MINE, 3)


def test_alert_without_a_marker_is_withdrawn_above_its_revision() -> None:
    assert withdrawn(None, 4, 0.0).revision == 5
