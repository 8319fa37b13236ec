"""The weights in force, and who follows them."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal

import pytest
from msgspec import Struct, ValidationError, json
from msgspec.structs import replace
from structlog.testing import capture_logs

from agents.common.context import AgentContext
from agents.common.decisions.follow_decisions import DecisionsFollower
from agents.common.decisions.weights_in_force import WeightsInForce
from local.waiting import wait_until
from samehand.errors import UnusableWeights
from samehand.scoring.adjust import table_digest
from samehand.scoring.weights import default_weights
from schemas.internal.weights import Multiplier, Stage, WeightsAdjustment, WeightsAdopted
from schemas.wire import encode
from store.base import Candidate, Query
from store.memory.store import MemoryStore
from streams.errors import BrokerUnavailable
from streams.kafka import topics
from streams.kafka.client import admin, writer
from streams.settings import Settings, load
from tests.agents.conftest import Life
from tests.makers import a_ban, a_sign_up, arrival
from tests.streams.conftest import free_port
from tests.tables import for_each

# What a lead adopts comes into force between batches; what cannot be used leaves our own table in force.


SHIPPED = default_weights()
DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


def adopted(number: int, stage: Stage = "live", intercept: float = 0.0, **other: Any) -> WeightsAdopted:
    """A decision for a table that takes ``intercept`` nats from every pair."""
    given: dict[str, Any] = {
        "base_version": SHIPPED.version,
        "base_digest": table_digest(SHIPPED),
        "weights_version": f"learned-{number}",
        "multipliers": tuple(
            Multiplier(signal="handle", level=level, multiplier=1.1)
            for level in SHIPPED.signals["handle"].levels
        ),
        "slope": 1.0,
        "intercept": intercept,
    }
    return WeightsAdopted(stage=stage, number=number, adjustment=WeightsAdjustment(**(given | other)))


def test_before_anybody_decides_the_tables_of_the_settings_are_in_force() -> None:
    weights = WeightsInForce(SHIPPED)
    assert (weights.version("live"), weights.version("shadow")) == (SHIPPED.version, None)


def test_of_a_stage_the_highest_number_holds_whatever_comes_late() -> None:
    weights = WeightsInForce(SHIPPED)
    assert weights.adopt(adopted(5))
    assert not weights.adopt(adopted(4))
    assert not weights.adopt(adopted(5))
    assert weights.adopt(adopted(3, "shadow"))
    assert (weights.version("live"), weights.version("shadow")) == ("learned-5", "learned-3")


def test_what_is_taken_back_leaves_our_own_table_and_nothing_in_shadow() -> None:
    weights = WeightsInForce(SHIPPED, shadow_weights=SHIPPED)
    weights.adopt(adopted(1))
    weights.adopt(WeightsAdopted(stage="live", number=2))
    weights.adopt(WeightsAdopted(stage="shadow", number=3))
    assert (weights.version("live"), weights.version("shadow")) == (SHIPPED.version, None)


@for_each(
    "other",
    [
        {"base_version": "another"},
        {"base_digest": ""},
        {"multipliers": (Multiplier(signal="horoscope", level="same", multiplier=1.0),)},
        {"multipliers": (Multiplier(signal="handle", level="part", multiplier=1.1),)},
        {"knots": ((1.0, 0.0), (0.0, 1.0))},
    ],
)
def test_what_cannot_be_used_leaves_our_own_table_in_force_and_is_told(other: dict[str, Any]) -> None:
    weights = WeightsInForce(SHIPPED)
    weights.adopt(adopted(1))
    with pytest.raises(UnusableWeights):
        weights.adopt(adopted(2, **other))
    assert weights.version("live") == SHIPPED.version
    assert weights.adopt(adopted(3))
    assert weights.version("live") == "learned-3"


async def test_alerts_are_made_and_named_by_what_was_adopted(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    life.context.weights.adopt(adopted(1))
    await life.tell(life.screen, a_sign_up("98", handle="umar_media_2", device_id=DEVICE))
    (found,) = life.alerts
    assert found.weights_version == "learned-1"
    (handle,) = [line for line in found.evidence if line.signal == "handle"]
    life.context.weights.adopt(WeightsAdopted(stage="live", number=2))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media_2", device_id=DEVICE))
    again = [line for line in life.alerts[-1].evidence if line.signal == "handle"]
    assert handle.weight == pytest.approx(1.1 * again[0].weight)
    assert life.alerts[-1].weights_version == SHIPPED.version


async def test_what_makes_every_pair_improbable_alerts_nobody_and_can_be_taken_back(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    life.context.weights.adopt(adopted(1, intercept=-50.0))
    await life.tell(life.screen, a_sign_up("98", handle="umar_media_2", device_id=DEVICE))
    assert life.alerts == []
    life.context.weights.adopt(WeightsAdopted(stage="live", number=2))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media_2", device_id=DEVICE))
    assert [alert.account_id for alert in life.alerts] == ["99"]


async def test_look_back_weighs_by_what_was_adopted_too(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("98", handle="umar_media_2", device_id=DEVICE))
    life.context.weights.adopt(adopted(1))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    assert [alert.weights_version for alert in life.alerts] == ["learned-1"]


async def test_a_batch_in_hand_keeps_the_table_that_it_began_with(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was looked up by that table's bound: another one would not have read the same candidates."""
    look_up = MemoryStore.bans_like

    async def meanwhile(
        store: MemoryStore, queries: Sequence[Query], **how: Any
    ) -> Sequence[Sequence[Candidate]]:
        found = await look_up(store, queries, **how)
        life.context.weights.adopt(adopted(1, intercept=-50.0))
        return found

    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    monkeypatch.setattr(MemoryStore, "bans_like", meanwhile)
    await life.tell(life.screen, a_sign_up("98", handle="umar_media_2", device_id=DEVICE))
    assert [alert.weights_version for alert in life.alerts] == [SHIPPED.version]
    assert life.context.weights.version("live") == "learned-1"


# A worker knows what was adopted before its first event, and hears of what is adopted while it runs.


SHIPPED_WEIGHTS = default_weights().version
Tell = Callable[..., None]


@pytest.fixture
def following(broker: str, topic_prefix: str) -> Settings:
    """Where the topic is to be."""
    return load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": topic_prefix})


@pytest.fixture
def context(life: Life, following: Settings) -> AgentContext:
    """An agents' context whose topics are there."""
    topics.check(following, create=True)
    return dataclasses.replace(life.context, topics=topics.names(following))


@pytest.fixture
def tell(following: Settings, context: AgentContext) -> Tell:
    """Publishes what the desk would."""

    def publish(*records: WeightsAdopted | bytes | None) -> None:
        with writer(following) as out:
            for record in records:
                value = encode(record) if isinstance(record, WeightsAdopted) else record
                out.send(context.topics.weights, key=b"live", value=value, headers=[]).get(timeout=60.0)

    return publish


@asynccontextmanager
async def running(follower: DecisionsFollower) -> AsyncIterator[None]:
    """While it follows."""
    task = asyncio.create_task(follower.run())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def until(condition: Callable[[], bool]) -> None:
    """Waits for a condition, at most half a minute."""
    assert await asyncio.to_thread(wait_until, condition, 30.0)


@pytest.mark.journey
def test_what_was_adopted_is_in_force_before_the_first_event(
    following: Settings, context: AgentContext, tell: Tell
) -> None:
    tell(adopted(2), adopted(1), adopted(3, "shadow"))
    DecisionsFollower(following, context).catch_up()
    assert (context.weights.version("live"), context.weights.version("shadow")) == ("learned-2", "learned-3")
    assert weighs(context) == {("live", "learned-2"), ("shadow", "learned-3")}


@pytest.mark.journey
async def test_what_is_adopted_later_comes_into_force_too(
    following: Settings, context: AgentContext, tell: Tell
) -> None:
    async with running(DecisionsFollower(following, context)):
        await asyncio.to_thread(tell, adopted(1))
        await until(lambda: context.weights.version("live") == "learned-1")
        await asyncio.to_thread(tell, WeightsAdopted(stage="live", number=2))
        await until(lambda: context.weights.version("live") == SHIPPED_WEIGHTS)
    assert weighs(context) == {("live", SHIPPED_WEIGHTS)}


@pytest.mark.journey
async def test_what_is_adopted_later_is_in_force_within_a_second(
    following: Settings, context: AgentContext, tell: Tell
) -> None:
    """On a machine that does something else, at least one time in three."""
    follower, took = DecisionsFollower(following, context), list[float]()
    async with running(follower):
        await until(lambda: follower.fault == "")
        for number in range(1, 4):
            await asyncio.to_thread(tell, adopted(number))
            began = time.monotonic()
            await until(lambda number=number: context.weights.version("live") == f"learned-{number}")  # type: ignore[misc]  # bound now, on purpose
            took.append(time.monotonic() - began)
    assert min(took) < 1.0, took


@pytest.mark.journey
async def test_what_nobody_can_read_is_passed_over(
    following: Settings, context: AgentContext, tell: Tell
) -> None:
    tell(b"\xff", None, b"{}", b'{"stage":"live","number":9e99}', b"[" * 100_000, adopted(1))
    DecisionsFollower(following, context).catch_up()
    assert context.weights.version("live") == "learned-1"


@pytest.mark.journey
def test_a_topic_that_is_not_there_yet_says_nothing(following: Settings, life: Life) -> None:
    DecisionsFollower(following, life.context).catch_up()
    assert life.context.weights.version("live") == SHIPPED_WEIGHTS


@pytest.mark.journey
async def test_of_a_topic_that_is_made_anew_no_former_number_is_held_against_what_it_says(
    following: Settings, context: AgentContext, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the way out after somebody wrote the highest number that there is."""
    # The embedded broker gives topics no id: docs/brokers.md.
    ids = {context.topics.weights: "first"}
    monkeypatch.setattr("streams.kafka.follower.ids_of", lambda *_: dict(ids))
    monkeypatch.setattr("agents.common.decisions.follow_decisions.OUTAGE_SECONDS", 0.1)
    monkeypatch.setattr("streams.kafka.follower.LOOK_SECONDS", 0.2)
    tell(adopted(2**53 - 1), adopted(2**53 - 1, "shadow"))
    async with running(DecisionsFollower(following, context)):
        await until(lambda: context.weights.version("shadow") is not None)
        with admin(following) as client:
            asking: Any = client
            asking.delete_topics([context.topics.weights])
        topics.check(following, create=True)
        ids[context.topics.weights] = "another"
        await asyncio.to_thread(tell, adopted(1))
        await until(lambda: weighs(context) == {("live", "learned-1")})
    assert context.weights.shadow is None


@pytest.mark.journey
async def test_who_is_told_not_to_follow_does_not(
    following: Settings, context: AgentContext, tell: Tell
) -> None:
    tell(adopted(1))
    follower = DecisionsFollower(following.model_copy(update={"follow_weights": False}), context)
    follower.catch_up()
    await follower.run()
    assert context.weights.version("live") == SHIPPED_WEIGHTS


async def test_while_no_broker_answers_the_weights_stay_as_they_were(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 1_000)
    follower = DecisionsFollower(load({"SAMEHAND_KAFKA_BROKERS": f"127.0.0.1:{free_port()}"}), life.context)
    with pytest.raises(BrokerUnavailable):
        follower.catch_up()
    async with running(follower):
        await until(lambda: follower.fault.startswith("Kafka: "))
    assert life.context.weights.version("live") == SHIPPED_WEIGHTS


def test_what_cannot_be_used_here_is_told_until_something_else_is_adopted(life: Life) -> None:
    follower = DecisionsFollower(load({}), life.context)
    follower.hear(arrival(adopted(1)))
    follower.hear(arrival(adopted(2, base_version="another")))
    assert refused(life.context) == {"live": 1.0, "shadow": 0.0}
    assert weighs(life.context) == {("live", SHIPPED_WEIGHTS)}
    follower.hear(arrival(adopted(3)))
    assert refused(life.context) == {"live": 0.0, "shadow": 0.0}
    assert weighs(life.context) == {("live", "learned-3")}


def test_what_a_former_release_adopted_is_set_aside_with_one_line_of_the_log(life: Life) -> None:
    follower = DecisionsFollower(load({}), life.context)
    with capture_logs() as logs:
        former = adopted(1, base_digest="", multipliers=(Multiplier(signal="handle", multiplier=1.1),))
        follower.hear(arrival(former))
        follower.hear(arrival(former))
    assert [(it["log_level"], it["why"]) for it in logs] == [
        ("error", "it is of a former release, which learnt multipliers: learn and adopt anew")
    ]
    assert weighs(life.context) == {("live", SHIPPED_WEIGHTS)}


class FormerAdjustment(Struct):
    """As release 0.2.0 reads it."""

    base_version: str
    multipliers: tuple[Multiplier, ...]


class FormerAdopted(Struct):
    """As release 0.2.0 reads it."""

    number: int
    adjustment: FormerAdjustment | None = None
    version: Literal[1] = 1


def test_beside_workers_of_a_former_release_each_takes_what_it_understands(life: Life) -> None:
    """They read no version 2, and weigh on as before; that weights are taken back both understand."""
    now, back = replace(adopted(1), version=2), WeightsAdopted(stage="live", number=2)
    with pytest.raises(ValidationError, match="version"):
        json.decode(encode(now), type=FormerAdopted)
    assert json.decode(encode(back), type=FormerAdopted).adjustment is None
    follower = DecisionsFollower(load({}), life.context)
    follower.hear(arrival(now))
    assert weighs(life.context) == {("live", "learned-1")}
    follower.hear(arrival(back))
    assert weighs(life.context) == {("live", SHIPPED_WEIGHTS)}


def test_a_defect_of_ours_costs_only_what_was_adopted(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    def defective(*_: object) -> None:
        raise ZeroDivisionError

    follower = DecisionsFollower(load({}), life.context)
    monkeypatch.setattr("agents.common.decisions.weights_in_force.adjusted", defective)
    follower.hear(arrival(adopted(1)))
    assert refused(life.context) == {"live": 1.0, "shadow": 0.0}
    assert life.context.weights.version("live") == SHIPPED_WEIGHTS


def weighs(context: AgentContext) -> set[tuple[str, str]]:
    """What the metrics say is in force."""
    return {
        (it.labels["stage"], it.labels["weights_version"])
        for metric in context.metrics.registry.collect()
        for it in metric.samples
        if it.name == "samehand_weights" and it.value == 1
    }


def refused(context: AgentContext) -> dict[str, float]:
    """Of each stage whether the metrics say that what was adopted is refused."""
    return {
        it.labels["stage"]: it.value
        for metric in context.metrics.registry.collect()
        for it in metric.samples
        if it.name == "samehand_weights_refused"
    }
