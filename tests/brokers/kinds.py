"""The brokers that the contract is run on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local.apache import ApacheKafka
from local.broker import EmbeddedBroker
from local.group import ServerGroup
from local.server import LocalServer

Broker = LocalServer | ServerGroup


@dataclass(frozen=True)
class Kind:
    """A broker to judge: its name in test ids, its heading in the table, and how to start it in a folder."""

    name: str
    title: str
    make: Callable[[Path], LocalServer | ApacheKafka]


EMBEDDED = Kind("embedded", "noida-db 0.2.3", EmbeddedBroker)
APACHE = Kind("apache", "Apache Kafka 4.4.0", lambda folder: ApacheKafka(folder=folder))
KINDS = (EMBEDDED, APACHE)
