"""The servers that tests share, started when the first test asks and gone with the session.

Each xdist worker starts its own: they take free ports, and a test that kills a server starts one for itself.
Where servers cannot be embedded, SAMEHAND_TEST_BROKERS and SAMEHAND_TEST_REDIS_URL name some to test against
(not SAMEHAND_KAFKA_BROKERS and SAMEHAND_REDIS_URL, lest a shell set up for production is tested upon);
without them the tests that need servers are skipped, with the reason.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
import structlog
from hypothesis import settings
from kafka.errors import KafkaError  # type: ignore[import-untyped]  # kafka-python ships no types

from local.binaries import NotAvailable
from local.broker import EmbeddedBroker, admin
from local.redis import EmbeddedRedis
from local.redis_cluster import RedisCluster
from tests.redis_user import NAME, PASSWORD, with_password

# Where a test configures no logs, a defect is drawn by rich with the values of every frame: seconds each.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# Each worker collects all tests: half a million objects that stay, and no garbage to look for meanwhile.
if "PYTEST_XDIST_WORKER" in os.environ:
    gc.disable()

# jsonschema would build a grammar for the format "iri", which our schemas lack: a second of each process.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # as Python says that there is none

# A run in the background may have inherited that SIGINT is ignored; tests of Ctrl-C need the usual.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Deadlines measure a busy machine, not our code; speed is measured in bench/, as ratios. Each run tries a few
# new examples; `make properties` tries many.
settings.register_profile("house", deadline=None, max_examples=30)
settings.load_profile("house")

# SQLite and brokers sync each commit: milliseconds on a disk, none in memory. No test cuts the power.
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 1024**3
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None

pytest_plugins = ("tests.apache", "tests.desk_databases")

BROKERS = "SAMEHAND_TEST_BROKERS"
REDIS_URL = "SAMEHAND_TEST_REDIS_URL"
UNLINK_BATCH = 1_000  # keys a command: few round trips, and no command long enough to stall the server


def pytest_collection_finish() -> None:
    gc.freeze()  # what was collected stays, and is not looked through again
    gc.enable()


@pytest.fixture(scope="session")
def shared_broker() -> Iterator[EmbeddedBroker | None]:
    """The broker that tests share, ``None`` where it is somebody's own."""
    if os.environ.get(BROKERS):
        yield None
        return
    try:
        with EmbeddedBroker() as embedded:
            yield embedded
    except NotAvailable as why:
        pytest.skip(f"{why} In tests: {BROKERS}.")


@pytest.fixture(scope="module")
def broker(shared_broker: EmbeddedBroker | None) -> Iterator[str]:
    """Bootstrap address of a Kafka-protocol broker that every test may write to and none may harm.

    No topic outlives its file: the more topics the embedded broker has, the longer everything takes.
    """
    yield os.environ[BROKERS] if shared_broker is None else shared_broker.address
    if shared_broker is not None:
        delete_topics(shared_broker.address)


def delete_topics(brokers: str, prefix: str = "") -> None:
    """Deletes the topics that begin with a prefix; a broker that is too busy for it keeps them."""
    with suppress(KafkaError, OSError), admin(brokers) as client:
        client.delete_topics(
            [name for name in client.list_topics() if name.startswith(prefix) and not name.startswith("_")]
        )


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[EmbeddedRedis | None]:
    """The Redis that tests share, ``None`` where it is somebody's own."""
    if os.environ.get(REDIS_URL):
        yield None
        return
    try:
        with EmbeddedRedis() as embedded:
            yield embedded
    except NotAvailable as why:
        pytest.skip(f"{why} In tests: {REDIS_URL}.")


@pytest.fixture(scope="session")
def redis_url(shared_redis: EmbeddedRedis | None) -> str:
    """URL of a Redis that every test may write to, under its own ``store_prefix``, and none may harm.

    Who connects there may do what a worker may by `deploy/redis/users.acl`, unless it is somebody's own.
    """
    return os.environ[REDIS_URL] if shared_redis is None else shared_redis.url


@pytest.fixture(scope="session")
def redis_administrator(shared_redis: EmbeddedRedis | None) -> str:
    """URL of the same Redis for what only tests need: to look at all keys, and to remove them."""
    return os.environ[REDIS_URL] if shared_redis is None else shared_redis.administrator_url


@pytest.fixture(scope="session")
def cluster(redis_url: str) -> Iterator[RedisCluster]:
    """A Redis Cluster of three masters, shared as ``redis_url`` is, after which it is asked for."""
    with RedisCluster() as nodes:
        yield nodes


@pytest.fixture(scope="session")
def redis_user(shared_redis: EmbeddedRedis | None) -> dict[str, str]:
    """A worker's name and password on ``redis_url``, as in deployments; where it is somebody's own: none."""
    if shared_redis is None:
        return {}
    with shared_redis.administrator() as administrator:
        administrator.execute_command("ACL", "SETUSER", *with_password().split()[1:])
    return {"username": NAME, "password": PASSWORD}


@pytest.fixture
def store_prefix(redis_administrator: str) -> Iterator[str]:
    """A key prefix of this test alone; its keys are removed afterwards."""
    prefix = f"samehand-{uuid.uuid4().hex[:12]}"
    yield prefix
    with redis.Redis.from_url(redis_administrator) as client:
        keys = list(client.scan_iter(match=f"{prefix}*", count=UNLINK_BATCH))
        for first in range(0, len(keys), UNLINK_BATCH):
            client.unlink(*keys[first : first + UNLINK_BATCH])


@pytest.fixture
def topic_prefix(request: pytest.FixtureRequest) -> Iterator[str]:
    """A topic prefix of this test alone; its topics on the shared broker are deleted afterwards."""
    prefix = f"t{uuid.uuid4().hex[:12]}."
    embedded = request.getfixturevalue("shared_broker") if "broker" in request.fixturenames else None
    yield prefix
    if embedded is not None:
        delete_topics(embedded.address, prefix)
