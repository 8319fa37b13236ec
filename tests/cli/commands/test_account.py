"""`samehand account`: what is kept, asked before it is erased, and what is not done is said."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from agents.common.converters import ban_of
from cli.commands.account.export import export
from cli.commands.account.holdings import Holdings
from cli.commands.account.places import DESK_TABLES, places
from cli.commands.account.topics import FoundRecords, ScannedTopics, describe, mentions, scan
from desk.database import schema
from desk.database.engine import opened
from desk.readers import Reader
from desk.review.arrivals import Arrivals
from desk.review.deciding.review import Review
from desk.review.requests import RequestEntry, enter, release
from schemas.accounts import Basis
from schemas.basis_rights import ALL_RIGHTS, BasisRights, RightsTable
from schemas.keys import AccountRef
from schemas.record import Record
from schemas.wire import encode
from store.pepper.pepper import Pepper
from streams.kafka import topics
from streams.kafka.client import reader, writer
from streams.kafka.topics import Names, TopicsOnBroker, names
from streams.settings import load
from tests.cli.commands.test_letters import post_letter
from tests.cli.running import Samehand, jsonl
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import A_POLICY
from tests.makers import NOON, a_ban, a_deletion, a_sign_up, a_verdict
from tests.tables import for_each

T = TypeVar("T")

# Every topic and every table has a place in *What is kept, where, how long*, by the settings in force.


def test_every_table_of_the_desk_and_every_topic_has_its_place_once() -> None:
    tables = [table for tables in DESK_TABLES.values() for table in tables]
    assert sorted(tables) == sorted(schema.metadata.tables)
    named = {place.name for place in places(load({})).values()}
    assert named >= {f"topic `{name}`" for name in vars(Names()).values()}


def test_periods_are_those_of_the_settings() -> None:
    given = {"DEDUP_DAYS": "91", "REMEMBER_DAYS": "90", "DESK_ERASE_DAYS": "10", "TOPIC_PREFIX": "p."}
    found = places(load({f"SAMEHAND_{name}": value for name, value in given.items()}))
    assert found["remembered-account"].kept.startswith("90 days")
    assert found["markers"].kept.startswith("91 days")
    assert found["quotes"].kept.startswith("10 days")
    assert (found["letters"].name, found["letters"].kept) == ("topic `p.deadletters`", "7 days")


# What on the topics is about an account, and until when it can lie there.


DAY_MS = 86_400_000
HOLDER = AccountRef("telegram", "é1")


@for_each(
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
    publish(called.created, encode(a_sign_up("a/b")).replace(b"a/b", rb"a\/b"))
    publish(called.created, a_sign_up("é1", platform="x"))
    publish(called.deleted, a_deletion("é1"))
    publish(called.banned, a_ban("é1"), key=HOLDER.key.encode())
    alert = replace(an_alert(), platform="telegram", account_id="é1")
    other = replace(an_alert(), alert_id="alert-2", account_id="é")
    publish(called.alerts, alert, other, b"{")
    publish(called.verdicts, a_verdict("alert-1", "mirror"), a_verdict("alert-2", "mirror"))
    post_letter(called.created, 7)  # about x:1
    slashed = AccountRef("telegram", "a/b")
    assert counts(scan(load(), slashed)) == {"created": 1}, "PHP escapes a slash"
    kept = {"alert-2": "a verdict outlives its alert on the topics, and the desk knows both"}
    assert counts(scan(load(), slashed, kept)) == {"created": 1, "verdicts": 1}
    scanned = scan(load(), HOLDER)
    assert counts(scanned) == {"created": 3, "deleted": 1, "banned": 1, "alerts": 1, "verdicts": 1}
    assert [kind for kind, _, _ in scanned.events] == ["created", "created", "deleted", "banned"]
    assert not [record for _, _, record in scanned.events if b"friend" in record], "who is that?"
    assert scanned.found["banned"].live
    publish(called.banned, None, key=HOLDER.key.encode())
    assert not scan(load(), HOLDER).found["banned"].live, "a tombstone supersedes it"
    assert counts(scan(load(), AccountRef("x", "1"))) == {"letters": 1}, "by its key"


@for_each(
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


# `samehand account` asks before it erases, does without missing parts, and says what is not done.


class Terminal(io.StringIO):
    """A terminal on which somebody has typed."""

    def isatty(self) -> bool:
        return True


def deletions() -> int:
    with reader(load()) as opened:
        topic = names(load()).deleted
        return sum(len(list(opened.read(topic, it))) for it in opened.partitions(topic))


@pytest.mark.journey
def test_nothing_is_erased_unless_somebody_says_so(
    samehand: Samehand, servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.check(load(), create=True)
    assert samehand("remember", jsonl(tmp_path / "a.jsonl", a_sign_up("1", email="a@b.example"))).code == 0
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    refused = samehand("account", "erase", "telegram:1")
    assert (refused.code, deletions()) == (1, 0)
    assert "Erase telegram:1, found in 1 place?" in refused.err
    assert "samehand: nothing was erased" in refused.err

    # No worker runs: the receipt says that Redis still holds the account.
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    asked = samehand("account", "erase", "telegram:1", "--wait", "0", "--json")
    assert (asked.code, [row["kind"] for row in asked.figures["asked"]]) == (1, ["remembered-account"])
    assert (asked.figures["erased"], deletions()) == ([], 1)

    # Ctrl-C ends the waiting, not what was published.
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    receipt = tmp_path / "receipt.json"
    receipt.touch(0o644)
    with monkeypatch.context() as patch:
        patch.setattr("cli.commands.account.erase._await_workers", interrupted)
        ended = samehand("account", "erase", "telegram:1", "--yes", "--out", receipt)
    assert (ended.code, set(json.loads(receipt.read_bytes())["published"])) == (130, {"deletion"})
    assert receipt.stat().st_mode & 0o777 == 0o600, "whatever it was before"

    # Without the pepper nobody can look, and the deletion is published all the same.
    monkeypatch.delenv("SAMEHAND_PEPPER_FILE")
    blind = samehand("account", "erase", "telegram:1", "--yes", "--no-topics", "--json")
    kinds = [row["kind"] for row in blind.figures["asked"]]
    assert (blind.code, kinds) == (0, ["remembered-account", "alerts-in-store"])
    assert set(blind.figures["not_read"]) == {"Redis", "topics", "desk"}
    assert "does not exist" in blind.figures["not_read"]["desk"]
    assert deletions() == 3
    exported = json.loads(samehand("account", "export", "telegram:1").out)
    assert (exported["stored"], exported["events"][0]["kind"]) == ([], "deleted")
    assert set(exported["not_read"]) == {"Redis", "desk"}


async def _at_the_desk(act: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    address = load().database_url.get_secret_value()
    async with opened(address) as database, database.begin() as connection:
        return await act(connection)


async def _quoted(connection: AsyncConnection) -> None:
    alert = an_alert(a_reason(ours="quoted-of-the-new", theirs="quoted-of-the-banned"))
    await Arrivals(connection, A_POLICY, NOON.timestamp()).take_alert(alert)


async def _requested(connection: AsyncConnection) -> int:
    """Enters a request on the new account of the alert; its hold lasts."""
    entry = RequestEntry(
        authority="A court",
        reference="CC-311",
        legal_basis="a law",
        jurisdiction="PK",
        kind="e-evidence",
        received_at=NOON.timestamp(),
        deadline=None,
        accounts=["x:new"],
    )
    return await enter(Review(connection, Reader("rana", "", "counsel"), A_POLICY, time.time()), entry)


async def _released(connection: AsyncConnection) -> None:
    await release(Review(connection, Reader("rana", "", "counsel"), A_POLICY, time.time()), 1)


def _holds(samehand: Samehand, account: str) -> list[dict[str, Any]]:
    shown = samehand("account", "show", account, "--no-topics", "--json").figures
    return [row for row in shown["kept"] if row["kind"] == "holds"]


@pytest.mark.journey
@pytest.mark.parametrize("first", ["hold", "erasure"])
def test_erasure_yields_to_a_hold_that_was_there_before(
    first: str, samehand: Samehand, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.check(load(), create=True)
    monkeypatch.delenv("SAMEHAND_PEPPER_FILE")
    asyncio.run(_at_the_desk(_quoted))
    if first == "hold":
        asyncio.run(_at_the_desk(_requested))
    copies = [1] if first == "hold" else []
    # The hold is on the new account; its copy quotes the banned one, which is erased.
    line = ("account", "erase", "x:banned", "--yes", "--no-topics", "--json")
    receipt = samehand(*line).figures
    assert [row["kind"] for row in receipt["erased"]] == ["quotes"]
    held = [row for row in receipt["remains"] if row["kind"] == "holds"]
    assert [(row["records"], row["reason"], bool(row["until"])) for row in held] == [
        (count, "hold", True) for count in copies
    ]
    if first == "erasure":
        asyncio.run(_at_the_desk(_requested))
    for account in ("x:banned", "x:new"):
        assert [row["records"] for row in _holds(samehand, account)] == copies
    shown = samehand("account", "show", "x:new", "--no-topics")
    assert ("desk, preservation holds: request 1: 1 record, until " in shown.out) == (first == "hold")
    assert "desk, lawful requests: 1 record" in shown.out
    assert "CC-311" not in samehand("account", "export", "x:new", "--no-topics").out

    asyncio.run(_at_the_desk(_released))
    assert _holds(samehand, "x:banned") == []


@pytest.mark.journey
def test_receipts_say_which_topics_were_not_read(
    samehand: Samehand, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.check(load(), create=True)
    monkeypatch.delenv("SAMEHAND_PEPPER_FILE")
    shown = samehand("account", "show", "x:1")
    assert shown.out.startswith("x:1: kept in 0 places; not every place was read\n")
    assert "not read: Redis: SAMEHAND_PEPPER_FILE is not set" in shown.out
    unread = samehand("account", "show", "x:1", "--no-topics")
    assert unread.out.startswith("x:1: kept in 0 places; not every place was read\n")
    assert f"topic {servers}accounts.created: not read, " in unread.out
    receipt = samehand("account", "erase", "x:1", "--no-topics", "--dry-run", "--ban").out
    assert f"topic {servers}accounts.banned: not read, " in receipt
    assert "superseded" not in receipt
    figures = samehand("account", "erase", "x:1", "--no-topics", "--dry-run", "--json").figures
    (markers,) = [row for row in figures["remains"] if row["kind"] == "markers"]
    assert markers["until"] is None, "a verdict that was not read keeps a pair's marker"


@pytest.mark.journey
def test_nothing_is_published_to_topics_that_do_not_exist(
    samehand: Samehand, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.check(load(), create=True)
    monkeypatch.setenv("SAMEHAND_TOPIC_PREFIX", f"{servers}typo.")
    shown = samehand("account", "show", "x:1", "--json")
    assert {f"topic {servers}typo.{name}" for name in ("accounts.deleted", "deadletters")} <= set(
        shown.figures["not_read"]
    )
    ran = samehand("account", "erase", "x:1", "--yes", "--json")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert f"{servers}typo.accounts.deleted does not exist" in ran.err
    assert describe(load()) == {}


@pytest.mark.parametrize("account", ["telegram", "Telegram:1", "telegram:", "telegram:\x1b[2J", "\udcff:1"])
def test_what_is_no_account_is_bad_input(samehand: Samehand, account: str) -> None:
    for verb in ("show", "export", "erase"):
        ran = samehand("account", verb, account)
        assert (ran.code, "PLATFORM:ID" in ran.err, "\x1b" in ran.err) == (2, True, False)


def test_a_broker_that_is_away_is_one_line(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 500)
    monkeypatch.setenv("SAMEHAND_KAFKA_BROKERS", "127.0.0.1:9")
    ran = samehand("account", "erase", "x:1", "--yes")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "nothing listens at 127.0.0.1:9 (Connection refused); start the broker" in ran.err


def test_basis_that_may_not_be_exported_is_masked_wherever_an_export_has_it() -> None:
    banned = replace(a_ban("77"), basis=Basis(authority="PK", reference="N-7", programmes=("Schedule I",)))
    found = Holdings(ban=ban_of(banned, ((1, Pepper(1, b"p" * 32).digest),)))
    unread = encode(banned).replace(b'"authority":"PK"', b'"authority":"P K"')
    found.topics.events.extend(("banned", banned.at, record) for record in (encode(banned), unread))
    for rights, shown in (
        (ALL_RIGHTS, True),
        (RightsTable({("pk", ""): BasisRights(may_be_exported=False)}), False),
    ):
        made = json.dumps(export("telegram:77", found, now=banned.at, rights=rights))
        assert [word in made for word in ("PK", "N-7", "Schedule I", "P K")] == [shown] * 4
