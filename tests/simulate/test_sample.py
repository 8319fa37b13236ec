"""The demonstration's stream has one of everything, whatever its seed."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from schemas.wire import encode
from simulate.sample import SAMPLE_ACCOUNTS_MIN, sample
from simulate.timeline.events import Event, Topic

END = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def line(event: Event) -> bytes:
    return event.value if isinstance(event.value, bytes) else encode(event.value)


@pytest.mark.parametrize("seed", [1, 7, 99])
@pytest.mark.parametrize("accounts", [1_000, 2_000])
def test_one_of_everything(seed: int, accounts: int) -> None:
    events = list(sample(seed, accounts, ends_at=END))
    truths = [event.label.truth for event in events if event.label.truth]
    assert {truth.strategy for truth in truths} == set(range(1, 9))
    assert {truth.way for truth in truths} == {"forward", "lookback", "update"}
    assert set(Counter(event.topic for event in events)) == set(Topic)
    kinds = {event.label.kind for event in events}
    assert kinds >= {"ordinary", "mirror", "malformed", "lifted", "banned"}
    assert any(event.label.resembles for event in events)


def test_the_smallest_sample_still_shows_every_strategy_and_way() -> None:
    truths = [e.label.truth for e in sample(1, SAMPLE_ACCOUNTS_MIN, ends_at=END) if e.label.truth]
    assert {truth.strategy for truth in truths} == set(range(1, 9))
    assert {truth.way for truth in truths} == {"forward", "lookback", "update"}


def test_nothing_happens_after_its_end() -> None:
    assert max(event.at for event in sample(accounts=500, ends_at=END)) <= END.timestamp()


def test_it_is_the_same_every_time() -> None:
    first, second = (list(sample(accounts=500, ends_at=END)) for _ in range(2))
    assert list(map(line, first)) == list(map(line, second))


def test_too_small_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="200 accounts or more"):
        sample(accounts=100, ends_at=END)
