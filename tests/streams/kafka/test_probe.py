"""Each address is asked by itself, and the answer tells kinds of trouble apart."""

from __future__ import annotations

import socket

import pytest

from local.ports import LOOPBACK
from streams.kafka import probe as probing
from streams.kafka.probe import Probe, probe
from streams.settings import load
from tests.streams.conftest import free_port

pytestmark = pytest.mark.journey


def test_every_address_is_asked(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "ANSWER_SECONDS", 1.0)
    nobody = f"{LOOPBACK}:{free_port()}"
    with socket.create_server((LOOPBACK, 0)) as mute:
        silent = f"{LOOPBACK}:{mute.getsockname()[1]}"
        unknown = "no.such.host.invalid:9092"
        settings = load({"SAMEHAND_KAFKA_BROKERS": ",".join([nobody, silent, unknown, broker])})
        assert probe(settings) == [
            Probe(nobody, "nobody-listens"),
            Probe(silent, "silent"),
            Probe(unknown, "unknown-host"),
            Probe(broker, "answers"),
        ]
