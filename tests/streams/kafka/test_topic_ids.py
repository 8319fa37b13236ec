"""A topic is told from another of the same name."""

from __future__ import annotations

import pytest

from streams.errors import BrokerUnavailable
from streams.kafka.topic_ids import created_again, topic_ids
from streams.settings import Settings
from tests.streams.conftest import Stage
from tests.streams.fakes import TOPIC


def test_another_id_is_another_topic_and_a_missing_one_may_come_back() -> None:
    known = {"a": "1", "b": "2", "c": "3"}
    assert created_again(known, {"a": "1", "b": "9", "d": "4"}) == ["b"]


def test_without_a_broker_it_is_an_outage(brokerless: Settings) -> None:
    with pytest.raises(BrokerUnavailable):
        topic_ids(brokerless, [TOPIC])


@pytest.mark.journey
def test_what_does_not_exist_has_no_id(stage: Stage) -> None:
    assert topic_ids(stage.settings, ["elsewhere.accounts.created"]) == {}
