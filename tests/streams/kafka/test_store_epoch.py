"""The store's epoch outlives the store, in the control topic."""

from __future__ import annotations

import pytest

from streams.deadletters.control_topic import resume
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka.client import writer
from streams.kafka.store_epoch import EpochTopic, known_epoch, note_epoch
from streams.settings import Settings
from tests.streams.conftest import Stage


@pytest.mark.journey
def test_the_last_word_on_this_store_counts(stage: Stage) -> None:
    assert known_epoch(stage.settings) == ""
    note_epoch(stage.settings, "first")
    resume(stage.settings, stage.names.created)
    note_epoch(stage.settings, "second")
    stage.environment["SAMEHAND_STORE_PREFIX"] = "another:"
    note_epoch(stage.settings, "another's")
    del stage.environment["SAMEHAND_STORE_PREFIX"]
    assert known_epoch(stage.settings) == "second"


@pytest.mark.journey
def test_without_its_topic_there_is_no_word_yet(stage: Stage) -> None:
    stage.environment["SAMEHAND_TOPIC_PREFIX"] = "elsewhere."
    assert known_epoch(stage.settings) == ""


@pytest.mark.journey
def test_a_word_that_cannot_be_read_is_not_taken_for_none(stage: Stage) -> None:
    key = f"store-epoch:{stage.settings.store_prefix}".encode()
    with writer(stage.settings) as out:
        out.send(stage.names.control, key=key, value=b"\xff", headers=[]).get(timeout=10)
    with pytest.raises(BrokerRefused, match="cannot be decoded"):
        known_epoch(stage.settings)


async def test_without_a_broker_it_is_an_outage(brokerless: Settings) -> None:
    epochs = EpochTopic(brokerless)
    with pytest.raises(BrokerUnavailable):
        await epochs.known()
