"""The topic of weights says what was decided, whatever else was written to it or happened to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from structlog.testing import capture_logs

from desk.database.engine import Database
from desk.database.filters import Filters
from desk.feed.weights import LOOK_SECONDS, WeightsTopic
from desk.readers import Reader
from desk.review.deciding.decide import ReadDecision
from desk.review.weighing.weights import WeightsStatus
from desk.telemetry import Applied
from schemas.internal.weights import WeightsAdopted
from schemas.wire import encode
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka import topics
from streams.kafka.client import Kept, TopicReader, Writer, admin, kept_reader, reader, writer
from streams.settings import Settings
from tests.desk.feed.feeding import feeding, publish, until, verdicts_on
from tests.desk.people import Office, an_office
from tests.desk.weighing import adopted, decided, holding, learned, rolled_back, tried


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


@pytest.fixture
async def lead(office: Office) -> Reader:
    return await office.hire("lena", "lead")


@pytest.fixture
def out(settings: Settings) -> Iterator[Writer]:
    with writer(settings) as opened:
        yield opened


@pytest.fixture
def asked(settings: Settings) -> Iterator[Kept[TopicReader]]:
    with closing(kept_reader(settings)) as kept:
        yield kept


def on_topic(settings: Settings) -> list[tuple[bytes | None, bytes | None]]:
    topic = topics.names(settings).weights
    with reader(settings) as opened:
        return [
            (it.key, it.value) for number in opened.partitions(topic) for it in opened.read(topic, number)
        ]


def a_feed(office: Office, settings: Settings, heard: list[Applied] | None = None) -> WeightsTopic:
    told = [] if heard is None else heard
    return WeightsTopic(office.database, topics.names(settings).weights, office.clock, told.append)


def arrived(held: WeightsStatus) -> tuple[str, str]:
    return held.arrived("live"), held.arrived("shadow")


async def test_what_was_decided_while_nobody_published_is_on_the_topic_once_somebody_does(
    office: Office, lead: Reader, settings: Settings
) -> None:
    async with feeding(office, settings):

        async def is_read() -> bool:
            return bool((await holding(office)).seen)

        await until(is_read)
    assert on_topic(settings) == [], "nobody decided anything"
    await adopted(office, lead, learned("one", device=0.5))
    assert arrived(await holding(office)) == ("on-its-way", "on-its-way")
    async with feeding(office, settings):

        async def is_published() -> bool:
            return arrived(await holding(office)) == ("published", "published")

        await until(is_published)
        await rolled_back(office, lead)
        await until(is_published)
    written = on_topic(settings)
    assert [key for key, _ in written] == [b"live", b"shadow", b"live"]
    records = [WeightsAdopted(stage="shadow", number=3), WeightsAdopted(stage="live", number=4)]
    assert [value for _, value in written[1:]] == [encode(one) for one in records]
    assert b'"signal":"device","level":"same","multiplier":0.5' in (written[0][1] or b"")


async def test_the_topic_is_written_once_and_read_now_and_then(
    office: Office, lead: Reader, settings: Settings, asked: Kept[TopicReader], out: Writer
) -> None:
    feed = a_feed(office, settings)
    await tried(office, lead, learned())
    assert await feed.level(asked, out) == 1
    read_at = (await holding(office)).seen["shadow"].read_at
    office.clock.pass_(LOOK_SECONDS - 1)
    assert await feed.level(asked, out) == 0
    assert (await holding(office)).seen["shadow"].read_at == read_at
    office.clock.pass_(-3 * 86_400)  # a clock that is set back is no reason not to look
    assert await feed.level(asked, out) == 0
    assert (await holding(office)).seen["shadow"].read_at == office.clock()
    assert len(on_topic(settings)) == 1


async def test_an_earlier_record_that_comes_late_changes_nothing(
    office: Office, lead: Reader, settings: Settings, asked: Kept[TopicReader], out: Writer
) -> None:
    feed = a_feed(office, settings)
    await adopted(office, lead, learned("one"))
    await adopted(office, lead, learned("two"))
    assert await feed.level(asked, out) == 2
    publish(settings, topics.names(settings).weights, encode(WeightsAdopted(stage="live", number=2)))
    office.clock.pass_(LOOK_SECONDS)
    assert await feed.level(asked, out) == 0
    assert arrived(await holding(office)) == ("published", "published")


async def test_what_the_topic_says_of_later_is_left_and_the_next_decision_counts_on_from_it(
    office: Office, lead: Reader, settings: Settings, asked: Kept[TopicReader], out: Writer
) -> None:
    """A backup was restored."""
    feed = a_feed(office, settings)
    publish(
        settings,
        topics.names(settings).weights,
        encode(WeightsAdopted(stage="live", number=7)),
        encode(WeightsAdopted(stage="shadow", number=2)),
    )
    await adopted(office, lead, learned("one"))
    assert await feed.level(asked, out) == 1, "of the stage of which less was said"
    held = await holding(office)
    assert arrived(held) == ("elsewhere", "published")
    await rolled_back(office, lead)
    assert await feed.level(asked, out) == 1
    held = await holding(office)
    assert (decided(held.live).number, arrived(held)) == (8, ("published", "published"))


async def test_a_record_of_the_same_number_that_says_something_else_is_noticed(
    office: Office, lead: Reader, settings: Settings, asked: Kept[TopicReader], out: Writer
) -> None:
    feed = a_feed(office, settings)
    publish(settings, topics.names(settings).weights, encode(WeightsAdopted(stage="shadow", number=1)))
    await tried(office, lead, learned("one"))
    assert await feed.level(asked, out) == 0
    assert arrived(await holding(office)) == ("undecided", "elsewhere")


async def test_what_cannot_be_read_is_told_of_once_and_passed_over(
    office: Office, lead: Reader, settings: Settings, asked: Kept[TopicReader], out: Writer
) -> None:
    heard: list[Applied] = []
    feed = a_feed(office, settings, heard)
    topic = topics.names(settings).weights
    publish(settings, topic, b"{", b"\xff\0", b'{"stage":"live","number":1,"version":9}')
    await tried(office, lead, learned())
    assert await feed.level(asked, out) == 1
    office.clock.pass_(LOOK_SECONDS)
    assert await feed.level(asked, out) == 0
    [applied] = heard
    assert [where for where, _ in applied.refused] == [topic] * 3
    assert (await holding(office)).arrived("shadow") == "published"


async def test_a_topic_that_is_made_anew_is_told_again(
    office: Office, lead: Reader, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.feed.run.OUTAGE_SECONDS", 0.1)  # the producer's numbers are of another topic
    await adopted(office, lead, learned())
    async with feeding(office, settings):

        async def is_published() -> bool:
            return arrived(await holding(office)) == ("published", "published")

        await until(is_published)
        with admin(settings) as client:
            asking: Any = client
            asking.delete_topics([topics.names(settings).weights])
        topics.check(settings, topics.wanted_by_desk(settings), create=True)
        office.clock.pass_(LOOK_SECONDS)
        await until(lambda: len(on_topic(settings)) == 2)


async def test_what_the_broker_did_not_confirm_is_sent_once_it_answers(
    office: Office,
    lead: Reader,
    settings: Settings,
    asked: Kept[TopicReader],
    out: Writer,
) -> None:
    class Away:
        def send(self, topic: str, **_: Any) -> Any:
            raise BrokerUnavailable("Kafka: away")

        def close(self) -> None:
            raise AssertionError("it is closed by whoever opened it")

    feed = a_feed(office, settings)
    await tried(office, lead, learned())
    with pytest.raises(BrokerUnavailable):
        await feed.level(asked, Away())
    assert (await holding(office)).arrived("shadow") == "on-its-way"
    assert await feed.level(asked, out) == 1


async def test_verdicts_go_on_leaving_while_the_topic_of_weights_is_refused(
    office: Office, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right to it is new: whoever upgrades may not have given it yet."""

    async def refuse(*_: object) -> int:
        raise BrokerRefused("Kafka: TopicAuthorizationFailedError")

    monkeypatch.setattr("desk.feed.run.OUTAGE_SECONDS", 0.1)
    monkeypatch.setattr(WeightsTopic, "level", refuse)
    amina = await office.hire("amina")
    await office.receive()
    [one] = await office.desk.queue(amina, Filters())
    await office.desk.decide(amina, one.read_id, ReadDecision("mirror", "several-traits"))
    with capture_logs() as logs:
        async with feeding(office, settings) as state:
            office.clock.pass_(10)
            await until(lambda: verdicts_on(settings))
            await until(lambda: "TopicAuthorizationFailed" in state.publishing)
    assert [it["event"] for it in logs].count("nothing is published now") == 1
