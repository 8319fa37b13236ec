"""One broker of each kind for the whole contract, and topics that no two tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from local.apache import ApacheKafka
from local.binaries import NotAvailable
from local.broker import admin
from local.server import LocalServer
from tests.brokers.kinds import APACHE, EMBEDDED, KINDS, Kind
from tests.brokers.known import KNOWN

MARKS = {EMBEDDED: (), APACHE: (pytest.mark.kafka,)}

MakeTopic = Callable[..., str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect what is known to fail, strictly: once it works, the table has to say so."""
    for item in items:
        call = getattr(item, "callspec", None)
        kind = call.params.get("server") if call else None
        name = getattr(item, "originalname", "").removeprefix("test_")
        if isinstance(kind, Kind) and (gap := KNOWN.get((kind.name, name))):
            item.add_marker(gap.mark())


@pytest.fixture(
    scope="session", params=[pytest.param(kind, id=kind.name, marks=MARKS[kind]) for kind in KINDS]
)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalServer | ApacheKafka]:
    """A broker of that kind, ours alone to kill."""
    kind: Kind = request.param
    if kind is APACHE:
        request.getfixturevalue("kafka_libs")
    folder: Path = tmp_path_factory.mktemp(kind.name)
    try:
        with kind.make(folder) as started:
            yield started
    except NotAvailable as why:
        pytest.skip(str(why))


@pytest.fixture
def make_topic(server: LocalServer | ApacheKafka, topic_prefix: str) -> MakeTopic:
    """Make a topic and return its name: ``make_topic(partitions=4, configs={...})``."""
    made: list[str] = []

    def make(partitions: int = 1, configs: Mapping[str, str] | None = None) -> str:
        name = f"{topic_prefix}{len(made)}"
        with admin(server.address) as client:
            wanted = {"num_partitions": partitions, "replication_factor": 1, "configs": dict(configs or {})}
            client.create_topics({name: wanted})
            client.wait_for_topics([name])
        made.append(name)
        return name

    return make
