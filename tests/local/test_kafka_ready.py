"""When a broker counts as ready."""

from __future__ import annotations

import socket

from local.kafka_ready import brokers_seen, lists_topics
from local.ports import LOOPBACK


def test_running_broker_is_ready(broker: str) -> None:
    assert lists_topics(broker)


def test_open_port_alone_is_not_a_broker() -> None:
    with socket.create_server((LOOPBACK, 0)) as mute:
        address = f"{LOOPBACK}:{mute.getsockname()[1]}"
        assert not lists_topics(address)
        assert brokers_seen(address) == set()
