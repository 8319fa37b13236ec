"""What comes twice, and a store that is away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from agents.runtime.redelivery import FAULTY_RECORDS_MAX, Binding, Redelivery
from agents.runtime.store_monitor import LOOK_SECONDS, StoreMonitor
from store.errors import StoreMismatch, StoreUnavailable
from store.limits import SWEEP_SECONDS
from store.redis import RedisEndpoint, RedisStore
from streams.clock import SystemClock
from streams.errors import BrokerUnavailable, Transient
from streams.outcomes import NOTHING, Arrival, Dead, Emit, Outcome, Published
from streams.supervision.poison_guard import REASON as ENDED_WORKER
from tests.agents.conftest import Life
from tests.makers import a_ban, a_sign_up, arrival
from tests.streams.fakes import FakeClock

# After another server took over, what was acknowledged last is delivered once more.


@dataclass
class Noted:
    """Where histories are noted."""

    words: list[str] = field(default_factory=list)
    away: bool = False

    async def known(self) -> str:
        if self.away:
            raise BrokerUnavailable("Kafka: it is away")
        return self.words[-1] if self.words else ""

    async def note(self, history: str) -> None:
        await self.known()
        self.words.append(history)


@dataclass
class Servers:
    """A store of which only the history matters, and what it is behind with."""

    name: str = "first"
    away: bool = False
    missing: dict[str, dict[int, int]] = field(default_factory=dict)

    async def behind(self) -> dict[str, dict[int, int]]:
        return dict(self.missing)

    async def caught_up(self, topic: str) -> None:
        del self.missing[topic]

    async def history(self) -> str:
        if self.away:
            raise StoreUnavailable("Redis did not answer in time")
        return self.name


class Clock:
    """Time passes at once."""

    slept = 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def now(self) -> float:
        return 1_790_000_000.0


@dataclass
class Ground:
    """A topic of three records, its agent, and a broker."""

    noted: Noted = field(default_factory=Noted)
    servers: Servers = field(default_factory=Servers)
    seen: list[int] = field(default_factory=list)
    sent: list[Emit] = field(default_factory=list)
    marked: list[Emit] = field(default_factory=list)
    faults: int = 0  # so many steps fail before one succeeds

    async def batches(
        self, topic: str, since: Mapping[int, int] | None = None
    ) -> AsyncIterator[list[Arrival]]:
        for offset in range(since[0] if since else 0, 3):
            yield [arrival(b"{}", offset=offset)]

    async def handle(self, arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        self._may_fail()
        self.seen += [it.offset for it in arrivals]
        told = Published((Emit("t", b"k", str(arrivals[0].offset).encode()),))
        return [(told, NOTHING, Dead("not-json"))[arrivals[0].offset]]

    async def after(self, emits: Sequence[Emit]) -> None:
        self._may_fail()
        self.marked += emits

    async def send(self, emit: Emit) -> Awaitable[object]:
        self._may_fail()
        self.sent.append(emit)
        return _confirmed()

    def _may_fail(self) -> None:
        if self.faults:
            self.faults -= 1
            raise Transient("away")

    def again(self) -> Redelivery:
        """A worker that has just started."""
        binding = Binding("one", "t", self.handle, self.after)
        servers, clock = self.servers, Clock()
        parts: dict[str, Any] = {"store": servers, "clock": clock}
        return Redelivery(
            bindings=[binding],
            histories=self.noted,
            recents=self,
            publisher=self,
            letters_topic="letters",
            **parts,
        )


async def _confirmed() -> object:
    return None


@pytest.fixture
def ground() -> Ground:
    """A ground on which nothing has happened."""
    return Ground()


async def test_the_first_history_is_noted_and_nothing_is_repeated(ground: Ground) -> None:
    again = ground.again()
    await again.look()
    await again.look()
    assert (ground.noted.words, ground.seen) == (["first"], [])


async def test_another_history_repeats_everything_once(ground: Ground) -> None:
    again = ground.again()
    await again.look()
    ground.servers.name = "second"
    with capture_logs() as told:
        await again.look()
        await again.look()
    assert [it["log_level"] for it in told] == ["warning", "info"]
    assert "reprocessing recent records" in told[0]["event"]
    assert told[1]["records"] == 3
    assert ground.seen == [0, 1, 2]
    assert ground.sent == ground.marked != []
    assert ground.noted.words == ["first", "second"]


async def test_a_change_while_no_worker_ran_is_noticed_by_the_next(ground: Ground) -> None:
    await ground.again().look()
    ground.servers.name = "second"
    await ground.again().look()
    assert ground.seen == [0, 1, 2]


async def test_what_one_worker_has_done_another_need_not(ground: Ground) -> None:
    one, other = ground.again(), ground.again()
    await one.look()
    await other.look()
    ground.servers.name = "second"
    await one.look()
    await other.look()
    assert ground.seen == [0, 1, 2]


async def test_outages_half_way_are_waited_out(ground: Ground) -> None:
    again = ground.again()
    await again.look()
    ground.servers.name = "second"
    ground.faults = 5
    await again.look()
    assert ground.seen == [0, 1, 2]
    assert len(ground.sent) == len(ground.marked) == 1
    assert isinstance(again.clock, Clock)
    assert again.clock.slept > 0.0


@pytest.mark.parametrize("away", ["servers", "noted"])
async def test_while_one_of_them_is_away_nothing_is_taken_for_done(ground: Ground, away: str) -> None:
    again = ground.again()
    await again.look()
    ground.servers.name = "second"
    which: Any = getattr(ground, away)
    which.away = True
    await again.look()
    assert ground.seen == []
    which.away = False
    await again.look()
    assert ground.seen == [0, 1, 2]


async def test_servers_that_tell_no_history_are_left_alone(ground: Ground) -> None:
    ground.servers.name = ""
    await ground.again().look()
    assert ground.noted.words == []


async def test_a_store_that_is_behind_is_given_what_was_acknowledged_since_and_once(ground: Ground) -> None:
    ground.servers.missing = {"t": {0: 1}, "a topic of another worker's": {0: 0}}
    again = ground.again()
    await again.look()
    await again.look()
    assert ground.seen == [1, 2]
    assert ground.servers.missing.keys() == {"a topic of another worker's"}


async def test_topic_that_another_worker_caught_up_meanwhile_keeps_no_other_waiting(ground: Ground) -> None:
    again = ground.again()
    again.bindings = [Binding("other", "other", ground.handle), *again.bindings]
    ground.servers.missing = {"t": {0: 1}}
    await again.look()
    assert (ground.seen, ground.servers.missing) == ([1, 2], {})


async def test_it_is_given_first_what_ends_something_and_after_a_failover_last(ground: Ground) -> None:
    told: list[str] = []

    def binding(topic: str) -> Binding:
        async def handle(arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
            told.append(topic)
            return [NOTHING] * len(arrivals)

        return Binding(topic, topic, handle)

    again = ground.again()
    again.bindings, again.first = (
        [binding("created"), binding("banned"), binding("deleted")],
        ("deleted", "banned"),
    )
    ground.servers.missing = {topic: {0: 2} for topic in ("created", "banned", "deleted")}
    await again.look()
    assert told == ["deleted", "banned", "created"]
    told.clear()
    ground.servers.name = "second"
    await again.look()
    assert list(dict.fromkeys(told)) == ["created", "banned", "deleted"]
    told.clear()
    ground.servers.name = "rebuilt:second"
    await again.look()
    assert list(dict.fromkeys(told)) == ["deleted", "banned", "created"]


async def test_a_worker_that_ends_half_way_leaves_it_to_the_next(ground: Ground) -> None:
    ground.servers.missing = {"t": {0: 0}}

    async def killed(arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        if ground.seen:
            raise SystemExit
        return await Ground.handle(ground, arrivals)

    again = ground.again()
    again.bindings = [Binding("one", "t", killed)]
    with pytest.raises(SystemExit):
        await again.look()
    assert ground.servers.missing
    await ground.again().look()
    assert ground.seen == [0, 0, 1, 2]
    assert not ground.servers.missing


async def test_servers_replaced_meanwhile_are_given_it_again(ground: Ground) -> None:
    ground.servers.missing = {"t": {0: 0}}
    fails_over = ["second"]

    async def replacing(arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        if fails_over:
            ground.servers.name = fails_over.pop()
        return await Ground.handle(ground, arrivals)

    again = ground.again()
    again.bindings = [Binding("one", "t", replacing)]
    await again.look()
    assert ground.servers.missing
    await again.look()
    assert not ground.servers.missing


def in_one_batch(ground: Ground, records: int) -> None:
    async def batches(topic: str, since: Mapping[int, int] | None = None) -> AsyncIterator[list[Arrival]]:
        yield [arrival(b"{}", offset=offset) for offset in range(records)]

    ground.batches = batches  # type: ignore[method-assign]  # another topic


async def test_a_record_that_raises_becomes_a_dead_letter_and_stops_no_other(ground: Ground) -> None:
    told: list[int] = []

    async def faulty(arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        if any(it.offset == 37 for it in arrivals):
            raise LookupError("a value of the record")
        told.extend(it.offset for it in arrivals)
        return [NOTHING] * len(arrivals)

    in_one_batch(ground, 100)
    ground.servers.missing = {"t": {0: 0}}
    again = ground.again()
    again.bindings = [Binding("one", "t", faulty)]
    await again.look()
    assert sorted(told) == [offset for offset in range(100) if offset != 37]
    assert not ground.servers.missing
    (letter,) = ground.sent
    assert letter.topic == "letters"
    assert letter.value is not None
    assert b"LookupError" in letter.value
    assert b"a value of the record" not in letter.value


async def test_what_fails_with_every_record_ends_the_worker_as_ever(ground: Ground) -> None:
    async def broken(arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        raise LookupError

    in_one_batch(ground, 100)
    ground.servers.missing = {"t": {0: 0}}
    again = ground.again()
    again.bindings = [Binding("one", "t", broken)]
    with pytest.raises(LookupError):
        await again.look()
    assert len(ground.sent) == FAULTY_RECORDS_MAX
    assert ground.servers.missing


async def test_a_record_found_to_end_workers_gets_its_dead_letter_here(ground: Ground) -> None:
    async def guilty(arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        return (Dead(ENDED_WORKER), Dead("not-json"), NOTHING)

    in_one_batch(ground, 3)
    ground.servers.missing = {"t": {0: 0}}
    again = ground.again()
    again.bindings = [Binding("one", "t", guilty)]
    await again.look()
    (letter,) = ground.sent
    assert ENDED_WORKER.encode() in (letter.value or b"")


# The store is looked after: its faults are told, its size is measured, its counts are frozen.


def monitor_of(life: Life, noted: Noted | None = None, epoch: str = "") -> StoreMonitor:
    return StoreMonitor(life.context, SystemClock(), noted or Noted(), epoch)


async def test_a_store_is_not_well_before_it_was_looked_at(life: Life) -> None:
    monitor = monitor_of(life)
    assert monitor.fault
    await monitor.look()
    assert monitor.fault == ""


async def test_what_is_in_it_and_how_full_it_is_show(life: Life) -> None:
    shown: dict[str, Any] = {"handle": "umar_media", "email": "umar@example.org"}
    await life.ban(a_ban(**shown), a_ban(handle="salma"))
    await life.tell(life.screen, a_sign_up("99", **shown))
    await monitor_of(life).look()
    figures, value = await life.context.store.figures(), life.context.metrics.registry.get_sample_value
    assert value("samehand_fingerprints") == 2.0
    assert value("samehand_alerts_unjudged") == len(life.alerts) == 1
    assert value("samehand_remembered_bytes") == figures.remembered_bytes > 0
    assert value("samehand_remembered_evicted") == 0.0
    assert value("samehand_store_memory_limit_bytes") == 0.0, "nothing limits a store in memory"


async def test_an_outage_is_noted_and_over_when_it_is_over(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = monitor_of(life)

    async def away(*_: object) -> None:
        raise StoreUnavailable("Redis did not answer in time")

    with capture_logs() as told:
        with monkeypatch.context() as patch:
            patch.setattr(type(life.context.store), "ready", away)
            await monitor.look()
            await monitor.look()
            assert "did not answer" in monitor.fault
        await monitor.look()
    assert monitor.fault == ""
    assert [it["event"] for it in told] == ["the store is not ready", "the store is ready"]


@pytest.fixture
async def on_redis(life: Life, redis_url: str, store_prefix: str) -> AsyncIterator[Life]:
    """A context on a real Redis, with a ban enrolled."""
    store = RedisStore(RedisEndpoint(url=redis_url), prefix=store_prefix, identity=b"i" * 32)
    lived = Life(replace(life.context, store=store))
    await store.open()
    await lived.ban(a_ban(handle="umar"))
    yield lived
    await store.close()


def emptied(redis_administrator: str, store_prefix: str) -> None:
    with redis.Redis.from_url(redis_administrator) as client:
        client.unlink(*client.scan_iter(match=f"{store_prefix}*"))


async def test_the_epoch_is_noted_once_and_again_after_an_outage_of_the_broker(on_redis: Life) -> None:
    noted = Noted(away=True)
    monitor = monitor_of(on_redis, noted)
    with capture_logs() as told:
        await monitor.look()
    assert "the store's epoch is not recorded yet" in [it["event"] for it in told]
    assert (monitor.fault, noted.words) == ("", [])
    noted.away = False
    await monitor.look()
    await monitor.look()
    figures = await on_redis.context.store.figures()
    assert noted.words == [figures.epoch]


async def test_an_emptied_store_is_not_well_until_somebody_rebuilt_it(
    on_redis: Life, redis_url: str, redis_administrator: str, store_prefix: str
) -> None:
    noted = Noted()
    monitor = monitor_of(on_redis, noted)
    await monitor.look()
    emptied(redis_administrator, store_prefix)
    await monitor.look()
    assert "samehand rebuild" in monitor.fault
    noted.away = True
    await monitor.look()
    noted.away = False
    rebuilt = RedisStore(RedisEndpoint(url=redis_url), prefix=store_prefix, identity=b"i" * 32)
    await rebuilt.begin_again()
    await monitor.look()
    assert "samehand rebuild" in monitor.fault, "nobody has said yet that it is whole"
    await noted.note(rebuilt.epoch)
    await rebuilt.close()
    await monitor.look()
    await monitor.look()
    assert (monitor.fault, monitor.epoch) == ("", rebuilt.epoch)


async def test_a_store_of_another_make_is_not_waited_for(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    async def other(*_: object) -> None:
        raise StoreMismatch("written with another layout")

    monkeypatch.setattr(type(life.context.store), "open", other)
    with pytest.raises(StoreMismatch):
        await monitor_of(life).look()


@pytest.fixture
def swept(life: Life, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bans each sweep will find, and in the end none."""
    finds = list[int]()

    async def frozen(*_: object, now: float) -> None:
        pass

    async def sweep(*_: object, now: float) -> int:
        return finds.pop(0) if finds else 0

    monkeypatch.setattr(type(life.context.store), "freeze", frozen)
    monkeypatch.setattr(type(life.context.store), "sweep", sweep)
    return finds


async def test_expired_bans_are_swept_once_a_minute_however_long_a_look_takes(
    life: Life, swept: list[int]
) -> None:
    clock = FakeClock()
    monitor = StoreMonitor(life.context, clock, Noted())
    swept[:] = [0, 0, 0]
    left = []
    for seconds in (0, SWEEP_SECONDS / 2, SWEEP_SECONDS / 2, SWEEP_SECONDS):
        clock.at += seconds
        await monitor.look()
        left.append(len(swept))
    assert left == [2, 2, 1, 0]


async def test_a_sweep_that_found_some_is_followed_by_another_at_once(life: Life, swept: list[int]) -> None:
    monitor = StoreMonitor(life.context, FakeClock(), Noted())
    swept[:] = [1_000, 1_000, 17, 0, 5]
    for _ in range(9):
        await monitor.look()
    assert swept == [5]


async def test_alerts_of_an_expired_ban_are_withdrawn_within_one_sweep(on_redis: Life) -> None:
    life, clock = on_redis, FakeClock(on_redis.seconds)
    monitor = StoreMonitor(life.context, clock, Noted())
    shown: dict[str, Any] = {"handle": "umar_media", "email": "umar@example.org"}
    ends_at = life.seconds + 600  # long before the hour is over
    await life.ban(a_ban(**shown, expires_at=datetime.fromtimestamp(ends_at, UTC)))
    await life.tell(life.screen, a_sign_up("99", **shown))
    await monitor.look()
    await life.relay()
    assert [alert.status for alert in life.alerts] == ["open"]
    while clock.at < ends_at + SWEEP_SECONDS:
        life.seconds = clock.at = clock.at + LOOK_SECONDS
        await monitor.look()
    await life.relay()
    assert (life.alerts[-1].status, life.alerts[-1].withdrawn_reason) == ("withdrawn", "ban-expired")
