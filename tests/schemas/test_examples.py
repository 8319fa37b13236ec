"""The checked-in examples are legal, and complete enough to teach."""

from __future__ import annotations

import pytest

from schemas.examples import EXAMPLES
from schemas.generate import RECORDS
from schemas.record import Record
from schemas.wire import encode
from tests.schemas.makers import NOW, as_json, record_of
from tests.schemas.test_wire import DECODERS

ALL = [(topic, record) for topic, records in EXAMPLES.items() for record in records]


@pytest.mark.parametrize(("topic", "record"), ALL)
def test_an_example_decodes_to_itself(topic: str, record: Record) -> None:
    assert record_of(DECODERS[topic](encode(record), now=NOW)) == record


@pytest.mark.parametrize("topic", RECORDS)
def test_every_record_of_a_topic_has_an_example(topic: str) -> None:
    assert {type(record) for record in EXAMPLES[topic]} == set(RECORDS[topic])


def test_a_ban_shows_every_kind_of_field_that_a_profile_can_have() -> None:
    shown = {name for record in EXAMPLES["accounts.banned"] for name in as_json(record)["account"]}
    keyed = {name for record in EXAMPLES["accounts.created"] for name in as_json(record)["account"]}
    assert {"handle", "display_name", "bio", "links", "email", "phone", "device_id", "ip", "avatar"} <= shown
    assert {"email_hmac", "device_hmac"} <= keyed
