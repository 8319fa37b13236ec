"""The stream as a whole: the same again from the same seed, in order, true to its own truth."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.accounts import AccountBanned, AccountCreated
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.wire import (
    Decoded,
    decode_banned,
    decode_created,
    decode_deleted,
    decode_reinstated,
    decode_updated,
    encode,
)
from simulate.config import Config
from simulate.population.people import Population
from simulate.sampling import seeded
from simulate.timeline import records
from simulate.timeline.events import Event, PlatformTopic
from simulate.timeline.stream import SORTS, generate, malformed

SMALL = Config(seed=5, accounts=3_000, mirror_share=0.05, malformed_share=0.01, reinstated_share=0.2)
DECODERS: dict[PlatformTopic, Callable[..., object]] = {
    PlatformTopic.CREATED: decode_created,
    PlatformTopic.UPDATED: decode_updated,
    PlatformTopic.DELETED: decode_deleted,
    PlatformTopic.REINSTATED: decode_reinstated,
    PlatformTopic.BANNED: decode_banned,
}


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(generate(SMALL))


def line(event: Event) -> bytes:
    return event.value if isinstance(event.value, bytes) else encode(event.value)


def test_the_same_seed_gives_the_same_bytes(events: list[Event]) -> None:
    assert [line(event) for event in generate(SMALL)] == [line(event) for event in events]


def test_another_seed_gives_other_people(events: list[Event]) -> None:
    others = generate(Config(seed=6, accounts=3_000, mirror_share=0.05))
    assert not {event.key for event in others} & {event.key for event in events}


def test_events_come_in_order_of_time(events: list[Event]) -> None:
    times = [event.at for event in events]
    assert times == sorted(times)
    assert times[-1] <= SMALL.end_seconds


def test_as_many_sign_ups_and_mirrors_as_asked(events: list[Event]) -> None:
    created = [event for event in events if isinstance(event.value, AccountCreated)]
    assert len(created) == SMALL.accounts
    assert len({event.key for event in created}) == SMALL.accounts
    assert sum(event.label.truth is not None for event in events) == SMALL.mirrors == 150


def test_every_record_is_valid_and_every_malformed_message_is_refused(events: list[Event]) -> None:
    seen: Counter[str] = Counter()
    for event in events:
        decoded = DECODERS[event.topic](line(event), now=SMALL.end_seconds)
        if event.label.kind == "malformed":
            assert isinstance(decoded, Malformed), event
        else:
            assert isinstance(decoded, Decoded), (decoded, event)
            assert decoded.record == event.value
            assert not decoded.unknown_fields
            assert not decoded.clamped
        seen[event.topic] += 1
    assert set(seen) == set(PlatformTopic)
    assert sum(event.label.kind == "malformed" for event in events) > 10


def test_no_mirror_without_its_ban(events: list[Event]) -> None:
    bans = {event.key: event for event in events if event.topic is PlatformTopic.BANNED}
    for event in events:
        if truth := event.label.truth:
            ban = bans[f"{truth.banned_platform}:{truth.banned_account_id}"]
            assert isinstance(ban.value, AccountBanned)
            assert ban.label.kind == "banned"
            assert ban.at == truth.banned_at
            assert event.key == f"{truth.platform}:{truth.account_id}" != ban.key
            assert event.at == truth.appeared_at
            assert (event.at < ban.at) == (truth.way == "lookback")


def test_an_account_that_turns_into_a_mirror_signed_up_as_somebody_else(events: list[Event]) -> None:
    created = {event.key: event for event in events if event.topic is PlatformTopic.CREATED}
    turned = [event for event in events if event.label.truth and event.label.truth.way == "update"]
    assert turned
    for event in turned:
        assert event.topic is PlatformTopic.UPDATED
        before = created[event.key]
        assert before.at < event.at
        assert before.label.truth is None


def test_every_strategy_and_every_way_occurs(events: list[Event]) -> None:
    truths = [event.label.truth for event in events if event.label.truth]
    by_strategy = Counter(truth.strategy for truth in truths)
    assert set(by_strategy) == set(range(1, 9))
    assert max(by_strategy.values()) - min(by_strategy.values()) <= 1
    assert {truth.way for truth in truths} == {"forward", "lookback", "update"}


def test_delays_run_from_minutes_to_weeks() -> None:
    config = Config(seed=9, accounts=4_000, mirror_share=0.5, bans=0)
    truths = [event.label.truth for event in generate(config) if event.label.truth]
    delays = sorted(truth.appeared_at - truth.banned_at for truth in truths if truth.way == "forward")
    assert delays[0] >= 60
    assert delays[len(delays) // 20] < 3_600
    assert delays[-len(delays) // 20] > 5 * 86_400
    assert all(
        2 <= (t.appeared_at - t.banned_at) / 60 <= 60
        for t in truths
        if t.strategy == 7 and t.way == "forward"
    )


def test_lifted_bans_are_reinstated_and_nobody_evades_them(events: list[Event]) -> None:
    lifted = {
        event.key for event in events if event.topic is PlatformTopic.BANNED and event.label.kind == "lifted"
    }
    assert lifted == {event.key for event in events if event.topic is PlatformTopic.REINSTATED}
    assert lifted
    evaded = {f"{t.banned_platform}:{t.banned_account_id}" for t in (e.label.truth for e in events) if t}
    assert not lifted & evaded


def test_no_two_accounts_hold_one_handle_on_a_platform() -> None:
    events = list(generate(Config(seed=3, accounts=20_000)))
    handles = Counter(
        (event.value.platform, event.value.account.handle.lower())
        for event in events
        if isinstance(event.value, AccountCreated) and event.value.account.handle
    )
    # The table of taken handles only errs to the safe side.
    assert handles.most_common(1)[0][1] == 1


def test_shares_of_languages_are_as_configured() -> None:
    languages = {"ur": 3.0, "ar": 1.0}
    config = Config(seed=1, accounts=4_000, languages=languages, mirror_share=0, bans=0)
    seen = Counter(event.label.language for event in generate(config) if event.topic is PlatformTopic.CREATED)
    assert set(seen) == set(languages)
    assert 0.72 < seen["ur"] / seen.total() < 0.78


def test_half_of_the_further_bans_are_older_than_the_stream() -> None:
    config = Config(seed=2, accounts=2_000, mirror_share=0, bans=400)
    bans = [event.at for event in generate(config) if event.topic is PlatformTopic.BANNED]
    assert len(bans) == 400
    assert sum(at < config.start_seconds for at in bans) == 200


def test_labels_do_not_leak_into_records(events: list[Event]) -> None:
    for event in events:
        if event.label.truth and isinstance(event.value, Record):
            assert b"mirror" not in encode(event.value)
            assert event.label.truth.banned_account_id.encode() not in encode(event.value)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"accounts": 0}, "accounts and days"),
        ({"mirror_share": 0.9}, "mirror_share"),
        ({"edits": "secret"}, "edits must be one of tuning, validation, held_out"),
        ({"strategy_weights": {9: 1.0}}, "no strategy"),
        ({"start": datetime(2026, 1, 1)}, "timezone"),  # noqa: DTZ001  # a date without a zone is the case
        ({"bans": -1}, "bans"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_by_name(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Config(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_the_start_is_the_first_moment() -> None:
    config = Config(start=datetime(2026, 5, 1, tzinfo=UTC), accounts=300, bans=0, mirror_share=0)
    assert next(iter(generate(config))).at >= config.start_seconds


GOOD = encode(records.created(Population(1, 10).person(seeded(1, "good")), 1_790_000_000.0))
NOW = 1_790_000_001.0


def test_the_good_one_is_good() -> None:
    assert not isinstance(decode_created(GOOD, now=NOW), Malformed)


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: sort.__name__)
@given(seed=st.integers(0, 2**32))
def test_every_sort_is_refused_with_a_reason(sort: object, seed: int) -> None:
    assert callable(sort)
    refused = decode_created(sort(Random(seed), GOOD), now=NOW)
    assert isinstance(refused, Malformed)
    assert refused.reason


def test_all_sorts_come() -> None:
    rng = Random(1)
    reasons = {getattr(decode_created(malformed(rng, GOOD), now=NOW), "reason", None) for _ in range(300)}
    assert len(reasons) >= 5
