"""What on the topics is about an account, and until when it can lie there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from cli.commands.account.topics import FoundRecords, ScannedTopics, mentions, scan
from schemas.keys import AccountRef
from schemas.record import Record
from schemas.wire import encode
from streams.kafka import topics
from streams.kafka.client import writer
from streams.kafka.topics import TopicsOnBroker, names
from streams.settings import load
from tests.cli.commands.test_letters import post_letter
from tests.desk.makers import an_alert
from tests.makers import a_ban, a_deletion, a_sign_up, a_verdict

DAY_MS = 86_400_000
HOLDER = AccountRef("telegram", "é1")


@pytest.mark.parametrize(
    ("value", "found"),
    [(b"7", True), (b'{"id":7}', True), (b"17 71 7", True), (b"17 71 a7", False), (b"", False)],
)
def test_an_id_in_bytes_that_nobody_can_read_stands_alone(value: bytes, *, found: bool) -> None:
    assert mentions(value, b"7") is found


def publish(topic: str, *records: Record | bytes | None, key: bytes = b"unkeyed") -> None:
    with writer(load()) as out:
        for record in records:
            value = encode(record) if isinstance(record, Record) else record
            out.send(topic, key=key, value=value, headers=[]).get(timeout=60.0)


def counts(scanned: ScannedTopics) -> dict[str, int]:
    return {name: found.count for name, found in scanned.found.items() if found.count}


@pytest.mark.journey
def test_a_record_is_found_by_whom_it_names_whatever_its_key_and_spelling(servers: str) -> None:
    topics.check(load(), create=True)
    called = names(load())
    escaped = encode(a_sign_up("é1")).replace("é".encode(), b"\\u00e9")
    escaped = escaped.replace(b'"version":1', b'"version":1,"invited_by":"a friend"')
    publish(called.created, a_sign_up("é1"), escaped, "no record of é1".encode(), a_sign_up("é12"))
    publish(called.created, b"{", key=HOLDER.key.encode())
    publish(called.created, a_sign_up("é1", platform="x"))
    publish(called.deleted, a_deletion("é1"))
    publish(called.banned, a_ban("é1"), key=HOLDER.key.encode())
    alert = replace(an_alert(), platform="telegram", account_id="é1")
    other = replace(an_alert(), alert_id="alert-2", account_id="é")
    publish(called.alerts, alert, other, b"{")
    publish(called.verdicts, a_verdict("alert-1", "mirror"), a_verdict("alert-2", "mirror"))
    post_letter(called.created, 7)  # about x:1
    scanned = scan(load(), HOLDER)
    assert counts(scanned) == {"created": 3, "deleted": 1, "banned": 1, "alerts": 1, "verdicts": 1}
    assert [kind for kind, _, _ in scanned.events] == ["created", "created", "deleted", "banned"]
    assert not [record for _, _, record in scanned.events if b"friend" in record], "who is that?"
    assert scanned.found["banned"].live
    publish(called.banned, None, key=HOLDER.key.encode())
    assert not scan(load(), HOLDER).found["banned"].live, "a tombstone supersedes it"
    assert counts(scan(load(), AccountRef("x", "1"))) == {"letters": 1}, "by its key"


@pytest.mark.parametrize(
    ("configs", "days"),
    [
        ({"retention.ms": "604800000"}, 7),
        ({"retention.ms": str(7 * DAY_MS), "segment.ms": str(DAY_MS)}, 8),
        ({"retention.ms": "-1", "segment.ms": str(DAY_MS)}, None),
        ({"cleanup.policy": "compact", "retention.ms": str(DAY_MS)}, None),
        ({"cleanup.policy": "compact", "max.compaction.lag.ms": str(2**63 - 1)}, None),
        ({"cleanup.policy": "compact", "max.compaction.lag.ms": str(2 * DAY_MS)}, 2),
        (None, None),
    ],
)
def test_a_record_is_gone_when_its_segment_is(configs: Mapping[str, str] | None, days: int | None) -> None:
    gone_at = FoundRecords(TopicsOnBroker(1, configs)).gone_at(1_000.0)
    assert gone_at == (None if days is None else 1_000.0 + days * 86_400)
