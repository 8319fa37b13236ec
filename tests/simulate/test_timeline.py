"""What happens on a simulated platform, and the files and the stream that tell it."""

from __future__ import annotations

import csv
import json
from base64 import b64decode
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
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
from simulate.config import SAMPLE_ACCOUNTS_MIN, Config
from simulate.delays import DAY, DELAY_SECONDS_MAX, HOUR, MINUTE, PREPARED_SECONDS_MAX, heavy_tailed
from simulate.evasion.channels import FRAMED, INNOCENTS, NUMBERS
from simulate.files import SimulationSummary, simulate_command, write
from simulate.population.people import Person, Population
from simulate.sampling import seeded
from simulate.timeline import records
from simulate.timeline.channels import channel_events
from simulate.timeline.events import PlatformTopic, SimulatedEvent
from simulate.timeline.schedule import plan
from simulate.timeline.stream import SORTS, generate, sample
from tests.tables import for_each

# Records carry the person, and nothing of what is only known here.


AT = datetime(2026, 10, 5, 12, 30, tzinfo=UTC).timestamp()


def somebody() -> Person:
    population, rng = Population(1, 100), seeded(1, "somebody")
    traits = frozenset({"bio", "photo", "email", "number", "device", "display_name", "payment", "contact"})
    return population.equipped(rng, population.person(rng, platform="x"), traits)


def test_a_sign_up_says_all_that_the_person_carries() -> None:
    person = somebody()
    record = records.created(person, AT)
    assert record.occurred_at == datetime(2026, 10, 5, 12, 30, tzinfo=UTC)
    assert record.key == person.key
    account = record.account
    assert (account.handle, account.email, account.phone) == (person.handle, person.email, person.phone)
    assert (account.device_id, account.ip, account.payment_token) == (
        person.device_id,
        person.ip,
        person.payment_token,
    )
    assert account.avatar
    assert person.avatar
    assert (account.avatar.pdq, account.avatar.quality) == person.avatar


def test_names_and_networks_known_here_alone_do_not_cross_the_wire() -> None:
    raw = encode(records.created(somebody(), AT))
    for hidden in (b'"given"', b'"family"', b'"network"', b'"number"', b'"language"', b'"country"'):
        assert hidden not in raw


def test_a_ban_says_when_and_why_and_for_whom() -> None:
    record = records.banned(somebody(), AT, "violent-extremism")
    assert record.banned_at == record.occurred_at
    assert record.policy == "violent-extremism"
    assert record.queue == "counter-terrorism"
    assert record.basis
    assert record.expires_at is None


# The plan of who comes back: whole, within the stream, every sort in its share.


@hypothesis_settings(deadline=None)
@given(st.integers(0, 2**32), st.floats(0.1, 60), st.integers(1, 60))
def test_everything_planned_happens_within_the_stream(seed: int, days: float, mirrors: int) -> None:
    config = Config(seed=seed, accounts=2 * mirrors, days=days, mirror_share=0.5)
    cases = plan(config)
    start, end = config.start_seconds, config.end_seconds
    assert sum(len(case.returns) for case in cases) == mirrors
    assert [case.first_at for case in cases] == sorted(case.first_at for case in cases)
    for case in cases:
        assert case.banned_at <= end
        assert case.first_at <= case.banned_at
        assert case.signed_up_at is None or start <= case.signed_up_at <= case.banned_at
        for each in case.returns:
            assert start <= each.signed_up_at <= each.at <= end
            assert case.first_at <= each.signed_up_at
            assert (each.way == "lookback") == (each.at < case.banned_at)
            assert each.at - case.banned_at >= -PREPARED_SECONDS_MAX - 1


# The stream as a whole: the same again from the same seed, in order, true to its own truth.


SMALL = Config(seed=5, accounts=3_000, mirror_share=0.05, malformed_share=0.01, reinstated_share=0.2)
DECODERS: dict[PlatformTopic, Callable[..., object]] = {
    PlatformTopic.CREATED: decode_created,
    PlatformTopic.UPDATED: decode_updated,
    PlatformTopic.DELETED: decode_deleted,
    PlatformTopic.REINSTATED: decode_reinstated,
    PlatformTopic.BANNED: decode_banned,
}


@pytest.fixture(scope="module")
def events() -> list[SimulatedEvent]:
    return list(generate(SMALL))


def line(event: SimulatedEvent) -> bytes:
    return event.value if isinstance(event.value, bytes) else encode(event.value)


def test_another_seed_gives_other_people(events: list[SimulatedEvent]) -> None:
    others = generate(Config(seed=6, accounts=3_000, mirror_share=0.05))
    assert not {event.key for event in others} & {event.key for event in events}


def test_events_come_in_order_of_time(events: list[SimulatedEvent]) -> None:
    times = [event.at for event in events]
    assert times == sorted(times)
    assert times[-1] <= SMALL.end_seconds


def test_every_record_is_valid_and_every_malformed_message_is_refused(events: list[SimulatedEvent]) -> None:
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


def test_no_mirror_without_its_ban(events: list[SimulatedEvent]) -> None:
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


def test_an_account_that_turns_into_a_mirror_signed_up_as_somebody_else(events: list[SimulatedEvent]) -> None:
    created = {event.key: event for event in events if event.topic is PlatformTopic.CREATED}
    turned = [event for event in events if event.label.truth and event.label.truth.way == "update"]
    assert turned
    for event in turned:
        assert event.topic is PlatformTopic.UPDATED
        before = created[event.key]
        assert before.at < event.at
        assert before.label.truth is None


def test_every_strategy_and_every_way_occurs(events: list[SimulatedEvent]) -> None:
    truths = [event.label.truth for event in events if event.label.truth]
    by_strategy = Counter(truth.strategy for truth in truths)
    assert set(by_strategy) == set(range(1, 9))
    assert max(by_strategy.values()) - min(by_strategy.values()) <= 1
    assert {truth.way for truth in truths} == {"forward", "lookback", "update"}


def test_lifted_bans_are_reinstated_and_nobody_evades_them(events: list[SimulatedEvent]) -> None:
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


def test_labels_do_not_leak_into_records(events: list[SimulatedEvent]) -> None:
    for event in events:
        if event.label.truth and isinstance(event.value, Record):
            assert b"mirror" not in encode(event.value)
            assert event.label.truth.banned_account_id.encode() not in encode(event.value)


@for_each(
    ("wrong", "reason"),
    [
        ({"accounts": 0}, "accounts and days"),
        ({"mirror_share": 0.9}, "mirror_share"),
        ({"edits": "secret"}, "edits must be one of tuning, validation, held_out"),
        ({"strategy_weights": {10: 1.0}}, "no strategy"),
        ({"start": datetime(2026, 1, 1)}, "timezone"),  # noqa: DTZ001  # a date without a zone is the case
        ({"bans": -1}, "bans"),
        ({"channels": -1}, "channels"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_by_name(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Config(**wrong)  # type: ignore[arg-type]  # wrong on purpose


GOOD = encode(records.created(Population(1, 10).person(seeded(1, "good")), 1_790_000_000.0))
NOW = 1_790_000_001.0


@given(seed=st.integers(0, 2**32))
def test_every_sort_is_refused_with_a_reason(seed: int) -> None:
    for sort in SORTS:
        refused = decode_created(sort(Random(seed), GOOD), now=NOW)
        assert isinstance(refused, Malformed), sort
        assert refused.reason


# Draws fall where they should, and as often.


# Mirrors come minutes to weeks after a ban; some were there before it.


def test_half_return_within_eight_hours_and_some_take_weeks() -> None:
    rng = Random(1)
    delays = sorted(heavy_tailed(rng) for _ in range(10_000))
    assert median(delays) == pytest.approx(8 * HOUR, rel=0.1)
    assert delays[0] >= MINUTE
    assert delays[500] < 30 * MINUTE
    assert delays[9_500] > 7 * DAY
    assert delays[-1] <= DELAY_SECONDS_MAX


# The demonstration's stream has one of everything, whatever its seed.

END = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@for_each("seed", [1, 7, 99])
@for_each("accounts", [1_000, 2_000])
def test_one_of_everything(seed: int, accounts: int) -> None:
    events = list(sample(seed, accounts, ends_at=END))
    truths = [event.label.truth for event in events if event.label.truth]
    assert {truth.strategy for truth in truths} == set(range(1, 9))
    assert {truth.way for truth in truths} == {"forward", "lookback", "update"}
    assert set(Counter(event.topic for event in events)) == set(PlatformTopic)
    kinds = {event.label.kind for event in events}
    assert kinds >= {"ordinary", "mirror", "malformed", "lifted", "banned"}
    assert any(event.label.resembles for event in events)


def test_the_smallest_sample_still_shows_every_strategy_and_way() -> None:
    truths = [e.label.truth for e in sample(1, SAMPLE_ACCOUNTS_MIN, ends_at=END) if e.label.truth]
    assert {truth.strategy for truth in truths} == set(range(1, 9))
    assert {truth.way for truth in truths} == {"forward", "lookback", "update"}


def test_too_small_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="200 accounts or more"):
        sample(accounts=100, ends_at=END)


# A run in files: each says what its name promises, and together they agree.


CONFIG = Config(seed=4, accounts=2_500, mirror_share=0.04, malformed_share=0.02, reinstated_share=0.2)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulationSummary]:
    out = tmp_path_factory.mktemp("run") / "new" / "folder"
    return out, write(CONFIG, out)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_the_summary_counts_what_was_asked(run: tuple[Path, SimulationSummary]) -> None:
    _, summary = run
    assert summary.sign_ups == summary.kinds.total() == summary.languages.total() == CONFIG.accounts
    assert summary.strategies.total() == CONFIG.mirrors
    assert summary.malformed > 20


def test_bans_are_those_that_stand_at_the_end(run: tuple[Path, SimulationSummary]) -> None:
    out, summary = run
    bans = lines(out / "bans.jsonl")
    assert all(not isinstance(decode_banned(line, now=CONFIG.end_seconds), Malformed) for line in bans)
    assert summary.topics[PlatformTopic.REINSTATED] > 10
    assert len(bans) == summary.topics[PlatformTopic.BANNED] - summary.topics[PlatformTopic.REINSTATED]


def test_the_truth_names_accounts_and_bans_of_the_other_files(run: tuple[Path, SimulationSummary]) -> None:
    out, _ = run
    truth = rows(out / "truth.csv")
    assert len(truth) == CONFIG.mirrors
    bans = {(b["platform"], b["account"]["account_id"]) for b in map(json.loads, lines(out / "bans.jsonl"))}
    accounts = {
        (a["platform"], a["account"]["account_id"]) for a in map(json.loads, lines(out / "accounts.jsonl"))
    }
    assert {(row["platform"], row["account_id"]) for row in truth} <= accounts
    assert {(row["banned_platform"], row["banned_account_id"]) for row in truth} <= bans


def test_innocents_are_nobody_of_the_truth(run: tuple[Path, SimulationSummary]) -> None:
    out, summary = run
    innocents = rows(out / "innocents.csv")
    mirrors = {(row["platform"], row["account_id"]) for row in rows(out / "truth.csv")}
    assert innocents
    assert not {(row["platform"], row["account_id"]) for row in innocents} & mirrors
    assert {row["kind"] for row in innocents} <= set(summary.kinds)


def test_the_stream_holds_everything_broken_messages_included(run: tuple[Path, SimulationSummary]) -> None:
    out, summary = run
    events = [json.loads(line) for line in lines(out / "events.jsonl")]
    assert len(events) == summary.events
    broken = [b64decode(event["raw"]) for event in events if "raw" in event]
    assert len(broken) == summary.malformed
    assert all(isinstance(decode_created(raw, now=CONFIG.end_seconds), Malformed) for raw in broken)
    assert all(event["key"].startswith(event["value"]["platform"]) for event in events if "value" in event)


def test_the_command_writes_the_same_files_again_and_tells_how_far_it_is(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    first = simulate_command(
        3, 2_200, tmp_path / "a", progress=lambda done, total: heard.append((done, total))
    )
    second = simulate_command(3, 2_200, tmp_path / "b")
    assert first == second
    assert [done for done, _ in heard] == [1_000, 2_000, 2_200]
    assert {total for _, total in heard} == {2_200}
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


# Channels that come back, beside those that only look like it.


def test_channels_come_beside_the_people_who_stay_as_they_were() -> None:
    alone = list(generate(Config(seed=6, accounts=300)))
    config = Config(seed=6, accounts=300, channels=24)
    both, ours = list(generate(config)), channel_events(config)
    assert both == sorted(both, key=lambda event: event.at)
    assert sorted(event.key for event in both) == sorted(event.key for event in (*alone, *ours))
    assert [event for event in both if event not in ours] == alone
    assert Counter(event.topic for event in ours) == {PlatformTopic.BANNED: 24, PlatformTopic.CREATED: 24}
    for event in ours:
        decoded = DECODERS[event.topic](line(event), now=SMALL.end_seconds)
        assert isinstance(decoded, Decoded), (decoded, event)
        assert decoded.record == event.value


def test_a_few_channels_hold_every_scene_in_each_direction() -> None:
    config = Config(seed=6, accounts=300, channels=60, mirror_share=0.0, prepared_share_of_mirrors=0.3)
    ours = channel_events(config)
    labels = [event.label for event in ours if event.topic is PlatformTopic.CREATED]
    truths = [label.truth for label in labels if label.truth]
    assert {truth.strategy for truth in truths} == set(NUMBERS.values())
    assert {truth.way for truth in truths} == {"forward", "lookback"}
    assert {*INNOCENTS, *FRAMED} <= {label.kind for label in labels}
    bans = {event.key: event.at for event in ours if event.topic is PlatformTopic.BANNED}
    for truth in truths:
        assert bans[f"telegram:{truth.banned_account_id}"] == truth.banned_at
        assert (truth.appeared_at < truth.banned_at) == (truth.way == "lookback")


def test_channels_are_written_beside_the_people(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    summary = simulate_command(3, 300, tmp_path, channels=20, progress=lambda *far: heard.append(far))
    assert summary.sign_ups == 320
    assert heard == [(320, 320)]
    names = {row["strategy"]: row["name"] for row in rows(tmp_path / "strategies.csv")}
    assert names["10"] == "same creator"
    assert "a rival's invitation printed" in {row["kind"] for row in rows(tmp_path / "innocents.csv")}
