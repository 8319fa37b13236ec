"""Commands on records of accounts, from examples of mappings to `samehand account`."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace as changed
from sqlalchemy.ext.asyncio import AsyncConnection

from agents.common.distil import ban_of
from cli.maintain.account.export import export
from cli.maintain.account.holdings import Holdings, gone_at
from desk.database import schema
from desk.places import DESK_TABLES, places
from desk.readers import Reader
from desk.review.arrivals import Arrivals
from desk.review.deciding.review import Review
from desk.review.requests import RequestEntry, enter, release
from desk.settings import load
from samehand.showings import UNKNOWN, Showings
from schemas.accounts import Basis
from schemas.basis_rights import ALL_RIGHTS, BasisRights, RightsTable
from schemas.mapping.formats import FORMATS
from schemas.wire import encode
from store.errors import StoreUnavailable
from store.pepper.pepper import Pepper
from store.redis import RedisStore
from streams.kafka import topics
from streams.kafka.topics import Names, TopicsOnBroker, names
from tests.cli.running import Samehand, at_the_desk, jsonl, of_store, published
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import A_POLICY
from tests.house import ROOT
from tests.makers import NOON, a_ban, a_sign_up
from tests.tables import for_each

# Examples of mappings do what they show, with the command that stands in each.


EXAMPLES = ROOT / "examples"

MAPPED = {
    "debezium": {"remembered": 1, "created": 1, "updated": 1, "banned": 2, "deleted": 1},
    "cloudevents": {"created": 1, "banned": 1, "reinstated": 1},
    "mastodon": {"created": 2, "updated": 1, "banned": 1},
    "discourse": {"created": 4, "updated": 1, "banned": 1, "deleted": 1},
    "telegram": {"created": 4, "updated": 1},
    "keycloak": {"created": 1, "banned": 1, "deleted": 1},
    "json": {"created": 1, "banned": 1, "reinstated": 1},
    "avro": {"created": 1, "banned": 1},
    "protobuf": {"created": 1, "banned": 1},
}
FAULTS = {"debezium": [("missing-field", "$.account.account_id")], "json": [("wrong-type", "$.occurred_at")]}
SILENT = {
    "debezium": {"phone", "payment", "agent", "referrer", "avatar", "bio"},
    "mastodon": {"phone", "device", "payment", "agent", "referrer", "avatar", "bio", "mention"},
}
"""Of two: no telephone number is seen, bios of addresses are contacts, suspended accounts lost theirs."""


def test_every_format_has_an_example() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/mappings.toml")} == set(FORMATS) == set(MAPPED)


@pytest.mark.parametrize("name", MAPPED)
def test_an_example_maps_as_it_says(name: str, samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = (EXAMPLES / name / "mappings.toml").read_text("utf-8")
    [line] = re.findall(r"^# samehand (map .*)$", text, re.MULTILINE)
    ran = samehand(*shlex.split(line), "--json")
    assert ran.code == 0
    told: dict[str, Any] = ran.figures
    assert {kind: count for kind, count in told["mapped"].items() if count} == MAPPED[name]
    assert [(it["reason"], it["path"]) for it in told["faults"]] == FAULTS.get(name, [])
    if name in SILENT:
        assert set(told["signals"]["silent"]) == SILENT[name]


def test_a_row_that_is_banned_no_longer_is_reinstated(samehand: Samehand, tmp_path: Path) -> None:
    folder, sample = EXAMPLES / "debezium", tmp_path / "sample.kcat.jsonl"
    row = json.loads((folder / "sample.kcat.jsonl").read_text("utf-8").splitlines()[0])
    change = json.loads(row["payload"])
    unbanned = {
        **change,
        "op": "u",
        "before": change["after"],
        "after": {**change["after"], "banned_at": None},
    }
    deleted = {**unbanned, "op": "d", "after": None}
    sample.write_text(
        "".join(json.dumps({**row, "payload": json.dumps(it)}) + "\n" for it in (unbanned, deleted))
    )
    ran = samehand("map", "--mapping", folder / "mappings.toml", "--kcat", "--sample", sample, "--json")
    assert {kind: count for kind, count in ran.figures["mapped"].items() if count} == {
        "reinstated": 1,
        "deleted": 1,
    }


def test_no_example_quotes_anybody_in_a_fault(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    folder = EXAMPLES / "json"
    shown = samehand("map", "--mapping", folder / "mappings.toml", "--sample", folder / "sample.jsonl")
    assert "yesterday" not in shown.out + shown.err
    assert "wrong-type at $.occurred_at: the value does not fit the field, from `ts`" in shown.out


@for_each("path", sorted(EXAMPLES.glob("*/*.jsonl")))
def test_the_people_of_examples_are_made_up(path: Any) -> None:
    text = path.read_text("utf-8")
    assert {json.loads(line) is not None for line in text.splitlines()} == {True}
    assert set(re.findall(r"@([a-z.]+\.[a-z]+)", text)) <= {"example.org"}
    assert set(re.findall(r"\b\d+\.\d+\.\d+\.", text)) - {"203.0.113.", "198.51.100."} <= {"3.3.1."}


# What a platform needs is estimated from what was measured, as settings that samehand takes.


def test_command_prints_a_table_and_settings(samehand: Samehand) -> None:
    ran = samehand("size", "--sign-ups", "50000", "--bans", "20000")
    assert ran.code == 0
    assert "SAMEHAND_STORE_BANS=1000000\n" in ran.out
    figures = json.loads(samehand("size", "--sign-ups", "50000", "--bans", "20000", "--json").out)
    assert figures["settings"]["SAMEHAND_TOPIC_PARTITIONS"] == figures["partitions"] == 8


@pytest.mark.parametrize("number", [10**13, 10**400])
def test_a_platform_of_more_accounts_than_there_can_be_is_bad_input(samehand: Samehand, number: int) -> None:
    for sign_ups, bans in ((1, number), (number, 1)):
        ran = samehand("size", "--sign-ups", sign_ups, "--bans", bans)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)


def test_platform_too_large_for_one_store_is_one_line_that_says_what_to_do(samehand: Samehand) -> None:
    ran = samehand("size", "--sign-ups", "216000000", "--bans", "100000000")
    assert ran.code == 2
    assert "SAMEHAND_STORE_REMEMBERED" in ran.err
    assert "remember fewer days" in ran.err
    assert len(ran.err.strip().splitlines()) == 1


# `samehand remember`: existing accounts are known, and nothing is said of them.


@pytest.mark.journey
def test_accounts_are_in_the_store_afterwards(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", *(a_sign_up(handle=f"umar{i}") for i in range(12)), b"nonsense")
    for _ in range(2):  # once more is harmless
        ran = samehand("remember", path, "--json")
        assert (ran.code, ran.figures["remembered"], ran.figures["bad_rows"]) == (0, 12, 1)
    facts = of_store(RedisStore.figures)
    assert (facts.remembered, facts.fingerprints) == (12, 0)


@pytest.mark.journey
def test_a_redis_that_is_slow_for_a_moment_ends_nothing(
    samehand: Samehand, servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, remember = [StoreUnavailable("Redis cannot be reached: TimeoutError")], RedisStore.remember

    async def late(self: RedisStore, *given: Any, **named: Any) -> Any:
        if slow:
            raise slow.pop()
        return await remember(self, *given, **named)

    monkeypatch.setattr(RedisStore, "remember", late)
    ran = samehand("remember", jsonl(tmp_path / "a.jsonl", a_sign_up()), "--json")
    assert (ran.code, ran.figures["remembered"]) == (0, 1)
    assert "TimeoutError; trying again" in ran.err


def shown(*accounts: str) -> list[Showings]:
    found = of_store(lambda store: store.remembered(accounts, now=time.time()))
    return [one.shown for one in found if one is not None]


@pytest.mark.journey
def test_a_list_drawn_up_later_does_not_say_that_its_accounts_began_then(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(
        "account_id,platform,handle,occurred_at,created_at\n"
        "1,x,umar1,2026-11-01T00:00:00Z,2019-03-02T07:00:00Z\n"
        "2,x,umar2,2026-11-01T00:00:00Z,\n"
        "3,x,umar3,,\n"
    )
    assert samehand("remember", tmp_path / "a.csv").code == 0
    drawn_up, made = 1_793_491_200, 1_551_510_000
    assert shown("x:1", "x:2", "x:3") == [Showings(made, drawn_up), Showings(None, drawn_up), UNKNOWN]


@pytest.mark.journey
def test_rows_without_ids_are_nobody(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("handle\numar\n")
    ran = samehand("remember", tmp_path / "a.csv")
    assert ran.code == 2
    assert "lacks the column account_id" in ran.err


def test_without_a_pepper_it_says_which_setting(samehand: Samehand, tmp_path: Path) -> None:
    ran = samehand("remember", jsonl(tmp_path / "a.jsonl", a_sign_up()))
    assert ran.code == 2
    assert ran.err.startswith("samehand: SAMEHAND_PEPPER_FILE: ")


# `samehand simulate`: the same seed, the same files.


def test_it_writes_what_score_reads_and_says_what(samehand: Samehand, tmp_path: Path) -> None:
    figures = samehand("simulate", "--seed", 3, "--accounts", 400, "--out", tmp_path, "--json").figures
    assert figures["sign_ups"] == 400
    assert figures["topics"]["accounts.created"] == 400
    truth = (tmp_path / "truth.csv").read_text().splitlines()
    assert len(truth) == figures["mirrors"] + 1


def test_a_folder_that_cannot_be_made_is_bad_input(samehand: Samehand, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = samehand("simulate", "--accounts", 300, "--out", tmp_path / "file" / "below")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)


# `samehand enrol`: bans from files reach the topic.


@pytest.mark.journey
def test_every_ban_arrives_and_bad_lines_are_told(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    bans = [a_ban(handle=f"umar{i}") for i in range(30)]
    path = jsonl(tmp_path / "bans.jsonl", *bans[:10], b"{", *bans[10:])
    ran = samehand("enrol", path, "--json")
    assert ran.code == 0
    assert (ran.figures["delivered"], ran.figures["bad_rows"]) == (30, 1)
    assert ran.err.startswith(f"{path}:11: not-json")
    assert {(it.key, it.value) for it in published(names(load()).banned)} == {
        (ban.key.encode(), encode(ban)) for ban in bans
    }


@pytest.mark.journey
def test_a_second_file_without_ids_would_overwrite_the_first(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text("handle\numar\n")
    ran = samehand("enrol", tmp_path / "one.csv", tmp_path / "two.csv")
    assert ran.code == 2
    assert "without account_id" in ran.err


@pytest.mark.journey
def test_a_topic_that_is_not_there_is_not_made_by_accident(
    samehand: Samehand, servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_TOPIC_CREATE", "false")
    ran = samehand("enrol", jsonl(tmp_path / "bans.jsonl", a_ban()))
    assert ran.code == 1
    assert "accounts.banned does not exist" in ran.err


@pytest.mark.journey
def test_bans_that_have_expired_are_told(samehand: Samehand, servers: str, tmp_path: Path) -> None:
    gone = [a_ban(handle=f"gone{i}", expires_at=NOON) for i in range(3)]
    path = jsonl(tmp_path / "bans.jsonl", a_ban(handle="umar"), *gone)
    assert "4 bans delivered, 3 of them already expired, 0 bad rows" in samehand("enrol", path).out
    figures = samehand("enrol", path, "--json").figures
    assert (figures["delivered"], figures["expired"]) == (4, 3)


# `samehand account`: what is kept, asked before it is erased, and what is not done is said.


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


# Until when a record on a topic can lie there.


DAY_MS = 86_400_000


@for_each(
    ("configs", "days"),
    [
        ({"retention.ms": "604800000"}, 7),
        ({"retention.ms": str(7 * DAY_MS), "segment.ms": str(DAY_MS)}, 8),
        ({"retention.ms": "-1", "segment.ms": str(DAY_MS)}, None),
        ({"cleanup.policy": "compact", "retention.ms": str(DAY_MS)}, None),
        (None, None),
    ],
)
def test_a_record_is_gone_when_its_segment_is(configs: Mapping[str, str] | None, days: int | None) -> None:
    assert gone_at(TopicsOnBroker(1, configs), 1_000.0) == (None if days is None else 1_000.0 + days * 86_400)


# `samehand account` asks before it erases, does without missing parts, and says what is not done.


class Terminal(io.StringIO):
    """A terminal on which somebody has typed."""

    def isatty(self) -> bool:
        return True


def deletions() -> int:
    return len(published(names(load()).deleted))


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
        patch.setattr("cli.maintain.account.erase._await_workers", interrupted)
        ended = samehand("account", "erase", "telegram:1", "--yes", "--out", receipt)
    assert (ended.code, set(json.loads(receipt.read_bytes())["published"])) == (130, {"deletion"})
    assert receipt.stat().st_mode & 0o777 == 0o600, "whatever it was before"

    # Without the pepper nobody can look, and the deletion is published all the same.
    monkeypatch.delenv("SAMEHAND_PEPPER_FILE")
    blind = samehand("account", "erase", "telegram:1", "--yes", "--json")
    kinds = [row["kind"] for row in blind.figures["asked"]]
    assert (blind.code, kinds) == (0, ["remembered-account", "alerts-in-store"])
    assert set(blind.figures["not_read"]) == {"Redis", "topics", "desk"}
    assert "does not exist" in blind.figures["not_read"]["desk"]
    assert deletions() == 3
    exported = json.loads(samehand("account", "export", "telegram:1").out)
    assert (exported["stored"], exported["alerts"], exported["actions"]) == ([], [], [])
    assert set(exported["not_read"]) == {"Redis", "topics", "desk"}


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
    await release(Review(connection, Reader("sana", "", "counsel"), A_POLICY, time.time()), 1)


def _holds(samehand: Samehand, account: str) -> list[dict[str, Any]]:
    shown = samehand("account", "show", account, "--json").figures
    return [row for row in shown["kept"] if row["kind"] == "holds"]


@pytest.mark.journey
@pytest.mark.parametrize("first", ["hold", "erasure"])
def test_erasure_yields_to_a_hold_that_was_there_before(
    first: str, samehand: Samehand, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.check(load(), create=True)
    monkeypatch.delenv("SAMEHAND_PEPPER_FILE")
    at_the_desk(_quoted)
    if first == "hold":
        at_the_desk(_requested)
    copies = [1] if first == "hold" else []
    # The hold is on the new account; its copy quotes the banned one, which is erased.
    line = ("account", "erase", "x:banned", "--yes", "--json")
    receipt = samehand(*line).figures
    assert [row["kind"] for row in receipt["erased"]] == ["quotes"]
    held = [row for row in receipt["remains"] if row["kind"] == "holds"]
    assert [(row["records"], row["reason"], bool(row["until"])) for row in held] == [
        (count, "hold", True) for count in copies
    ]
    if first == "erasure":
        at_the_desk(_requested)
    for account in ("x:banned", "x:new"):
        assert [row["records"] for row in _holds(samehand, account)] == copies
    shown = samehand("account", "show", "x:new")
    assert ("desk, preservation holds: request 1: 1 record, until " in shown.out) == (first == "hold")
    assert "desk, lawful requests: 1 record" in shown.out
    assert "CC-311" not in samehand("account", "export", "x:new").out

    at_the_desk(_released)
    assert _holds(samehand, "x:banned") == []


@pytest.mark.journey
def test_receipts_name_topics_whose_records_are_not_read(
    samehand: Samehand, servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.check(load(), create=True)
    monkeypatch.delenv("SAMEHAND_PEPPER_FILE")
    shown = samehand("account", "show", "x:1")
    assert shown.out.startswith("x:1: kept in 0 places; not every place was read\n")
    assert "not read: Redis: SAMEHAND_PEPPER_FILE is not set" in shown.out
    assert "not read: topics: their records are not read" in shown.out
    assert f"topic {servers}accounts.created: not read, " in shown.out
    receipt = samehand("account", "erase", "x:1", "--dry-run", "--ban").out
    assert f"topic {servers}accounts.banned: not read, " in receipt
    figures = samehand("account", "erase", "x:1", "--dry-run", "--json").figures
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


def test_basis_that_may_not_be_exported_is_masked() -> None:
    banned = changed(a_ban("77"), basis=Basis(authority="PK", reference="N-7", programmes=("Schedule I",)))
    found = Holdings(ban=ban_of(banned, ((1, Pepper(1, b"p" * 32).digest),)))
    for rights, shown in (
        (ALL_RIGHTS, True),
        (RightsTable({("pk", ""): BasisRights(may_be_exported=False)}), False),
    ):
        made = json.dumps(export("telegram:77", found, now=banned.at, rights=rights))
        assert ("PK" in made) is shown
