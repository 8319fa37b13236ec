"""Consumer groups: members share the partitions, and what one committed the next goes on from."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiokafka  # type: ignore[import-untyped]  # aiokafka ships no types
from kafka import TopicPartition  # type: ignore[import-untyped]  # kafka-python ships no types
from kafka.structs import OffsetAndMetadata  # type: ignore[import-untyped]  # kafka-python ships no types

from local.apache import ApacheKafka
from local.broker import admin
from local.server import LocalServer
from tests.brokers.clients import consumer, write
from tests.brokers.conftest import MakeTopic

Server = LocalServer | ApacheKafka

MEMBER = Path(__file__).with_name("member.py")

SETTLE_SECONDS_MAX = 60.0  # ten sessions
JOIN_SECONDS_MAX = 30.0  # some sixty times what it takes where it works
SESSION = {
    "session_timeout_ms": 6_000,
    "heartbeat_interval_ms": 500,
    "auto_offset_reset": "earliest",
    "enable_auto_commit": False,
}
STOP_SECONDS_MAX = 20.0


@contextlib.asynccontextmanager
async def member(server: Server, topic: str, **options: Any) -> AsyncIterator[Any]:
    """A member of the group named as the topic."""
    client = aiokafka.AIOKafkaConsumer(
        topic, bootstrap_servers=server.address, group_id=topic, **{**SESSION, **options}
    )
    try:
        async with asyncio.timeout(JOIN_SECONDS_MAX):
            await client.start()
        yield client
    finally:
        async with asyncio.timeout(STOP_SECONDS_MAX):
            await client.stop()


async def settle(condition: Callable[[], bool], *members: Any) -> list[bytes]:
    """Let the members read until ``condition``; what they read."""
    values: list[bytes] = []
    async with asyncio.timeout(SETTLE_SECONDS_MAX):
        while not condition():
            for each in members:
                values += await poll(each)
    return values


async def poll(member: Any) -> list[bytes]:
    """What one member is given within a moment."""
    batches = await member.getmany(timeout_ms=50)
    return [record.value for records in batches.values() for record in records]


async def test_members_share(server: Server, make_topic: MakeTopic) -> None:
    """Two members of a group share the partitions; when one leaves, the other has them all."""
    await share_and_leave(server, make_topic(partitions=4), auto_commit=False)


async def test_members_share_auto_commit(server: Server, make_topic: MakeTopic) -> None:
    """Two members of a group share the partitions also while aiokafka commits by itself."""
    await share_and_leave(server, make_topic(partitions=4), auto_commit=True)


async def share_and_leave(server: Server, topic: str, auto_commit: bool) -> None:
    async with member(server, topic, enable_auto_commit=auto_commit) as first:
        async with member(server, topic, enable_auto_commit=auto_commit) as second:
            await settle(lambda: len(first.assignment()) == len(second.assignment()) == 2, first, second)
            assert not first.assignment() & second.assignment()
        await settle(lambda: len(first.assignment()) == 4, first)


async def test_each_record_to_one_member(server: Server, make_topic: MakeTopic) -> None:
    """Between two members every record is read once."""
    topic = make_topic(partitions=4)
    async with member(server, topic) as first, member(server, topic) as second:
        await settle(lambda: len(first.assignment()) == len(second.assignment()) == 2, first, second)
        values = [b"%d.%d" % (part, n) for part in range(4) for n in range(100)]
        for part in range(4):
            chosen = values[part * 100 : part * 100 + 100]
            await asyncio.to_thread(write, server.address, topic, chosen, part)
        read: list[bytes] = []
        async with asyncio.timeout(SETTLE_SECONDS_MAX):
            while len(read) < len(values):
                read += [*await poll(first), *await poll(second)]
    assert sorted(read) == sorted(values)


def test_commit_and_resume(server: Server, make_topic: MakeTopic) -> None:
    """A new member of the group goes on where the last commit stands, and the admin client tells it too."""
    topic = make_topic()
    where = TopicPartition(topic, 0)
    write(server.address, topic, [b"%d" % n for n in range(10)])
    with consumer(server.address, group_id=topic, enable_auto_commit=False) as client:
        client.assign([where])
        client.commit({where: OffsetAndMetadata(4, "", -1)})
    with consumer(server.address, group_id=topic, enable_auto_commit=False) as client:
        client.subscribe([topic])
        first = next(iter(client))
        assert (first.offset, client.committed(where)) == (4, 4)
    with admin(server.address) as client:
        told = client.list_group_offsets({topic: None})
    assert told[topic][where].offset == 4


async def test_silent_member_is_replaced(server: Server, make_topic: MakeTopic) -> None:
    """A member that vanishes without a word loses its partitions after its session."""
    topic = make_topic(partitions=2)
    async with member(server, topic) as first:
        script = asyncio.create_task(vanish(server, topic))
        await settle(lambda: script.done(), first)
        await settle(lambda: len(first.assignment()) == 2, first)


async def vanish(server: Server, topic: str) -> None:
    """Join the group from another process, which is killed once it has a partition."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(MEMBER), server.address, topic, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), SETTLE_SECONDS_MAX) == b"joined\n"
    finally:
        process.kill()
        await process.wait()
