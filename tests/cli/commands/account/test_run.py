"""`samehand account` asks before it erases, does without missing parts, and says what is not done."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from cli.commands.account.topics import describe
from streams.kafka import topics
from streams.kafka.client import reader
from streams.kafka.topics import names
from streams.settings import load
from tests.cli.running import Samehand, jsonl
from tests.makers import a_sign_up


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

    # Without the pepper nobody can look, and the deletion is published all the same.
    monkeypatch.delenv("SAMEHAND_PEPPER_FILE")
    blind = samehand("account", "erase", "telegram:1", "--yes", "--no-topics", "--json")
    kinds = [row["kind"] for row in blind.figures["asked"]]
    assert (blind.code, kinds) == (0, ["remembered-account", "alerts-in-store"])
    assert set(blind.figures["not_read"]) == {"Redis", "topics", "desk"}
    assert "does not exist" in blind.figures["not_read"]["desk"]
    assert deletions() == 2
    exported = json.loads(samehand("account", "export", "telegram:1").out)
    assert (exported["stored"], exported["events"][0]["kind"]) == ([], "deleted")
    assert set(exported["not_read"]) == {"Redis", "desk"}


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
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "SAMEHAND_KAFKA_BROKERS=127.0.0.1:9\n" in ran.err
