"""`samehand try`: a dry run over files or topics, its figures, its page, and the cause of each outcome."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from agents.common.context import AlertPolicy
from agents.common.queries.diagnosis import CAUSES
from agents.runtime.dry_run import Replay, SourceEvent, in_batches, secret_of
from cli.evaluate.trial import stores
from cli.evaluate.trial.pages import A_PAGE, OWN_NAME
from cli.evaluate.trial.sources import Gathered, of_files
from cli.exit_codes import NotDone
from cli.inputs.event_files import EventFiles
from cli.offline.known_pairs import alerted_pairs
from cli.offline.pair_watch import Watch
from local.binaries import NotAvailable
from report.accuracy import AccountPair
from report.rendering import TEMPLATES
from samehand.alert_id import alert_id
from samehand.scoring.weights import default_weights
from schemas.mapping.fields import Kind
from schemas.record import Record
from schemas.wire import Decoded, decode_alert, encode
from streams.kafka import topics
from streams.kafka.client import admin, writer
from streams.kafka.topics import Names, names
from streams.outcomes import Arrival
from streams.settings import load
from tests.cli.running import Samehand, jsonl, settings
from tests.house import ROOT
from tests.makers import NOON, a_ban, a_change, a_sign_up, a_verdict
from tests.tables import for_each

PERSON: dict[str, Any] = {
    "handle": "umar.media.channel",
    "display_name": "Umar Media",
    "bio": "Updates daily. Backup: t.me/umar_backup",
    "device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b",
    "email": "umar.media@example.org",
}
"""A banned account that came back unchanged."""


def strangers(count: int) -> list[Record]:
    """Accounts that have nothing to do with anybody, one a minute after noon."""
    return [
        a_sign_up(
            f"stranger-{number}",
            at=NOON + timedelta(minutes=number + 1),
            handle=f"{'abcdefghij'[number % 10] * 3}{number}q",
            device_id=f"00000000-0000-4000-8000-{number:012d}",
        )
        for number in range(count)
    ]


def a_platform(folder: Path, *sign_ups: Record, bans: tuple[Record, ...] = ()) -> tuple[Path, Path]:
    """A file of sign-ups and one of bans: by default one mirror among ten strangers."""
    events = sign_ups or (a_sign_up("mirror", at=NOON + timedelta(hours=1), **PERSON), *strangers(10))
    banned = bans or (a_ban("banned", **PERSON),)
    return jsonl(folder / "sign-ups.jsonl", *events), jsonl(folder / "bans.jsonl", *banned)


# A dry run as a person starts it: what it says, what it leaves, and what it refuses.


def test_a_mirror_among_strangers_is_told_with_its_reasons(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    assert ran.figures["alerts"]["raised"] == 1
    assert ran.figures["events"]["kinds"]["created"] == 11
    [best] = ran.figures["best"]
    assert (best["account_id"], best["matched"]["account_id"]) == ("mirror", "banned")
    assert "telegram:mirror" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_no_personal_value_is_in_what_it_leaves(samehand: Samehand, tmp_path: Path) -> None:
    secret = {"email": "zq.hidden@example.org", "phone": "+923001234567", "ip": "39.40.12.77"}
    events, bans = a_platform(
        tmp_path,
        a_sign_up("mirror", at=NOON + timedelta(hours=1), **{**PERSON, **secret}),
        bans=(a_ban("banned", **{**PERSON, **secret}),),
    )
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    left = "".join(path.read_text("utf-8") for path in (tmp_path / "out").rglob("*.*")) + ran.out + ran.err
    assert ran.figures["alerts"]["raised"] == 1
    for value in ("zq.hidden", "3001234567", "39.40.12.77", PERSON["device_id"]):
        assert value not in left


# A dry run on a live topic: it reads without a group, from a moment on, and leaves the broker as it was.


def publish(topic: str, *records: Record) -> None:
    with writer(load()) as out:
        for record in records:
            key: bytes = record.key.encode()  # type: ignore[attr-defined]  # every record here has an account
            out.send(topic, key=key, value=encode(record), headers=[]).get(timeout=60.0)


@pytest.fixture
def live(servers: str) -> datetime:
    """A ban, and an hour later on the clock of events its mirror; answers when the ban was."""
    topics.check(load(), create=True)
    banned_at = datetime.now(UTC) - timedelta(hours=2)
    publish(names(load()).banned, a_ban("banned", at=banned_at, banned_at=banned_at, **PERSON))
    mirror = a_sign_up("mirror", at=banned_at + timedelta(hours=1), **PERSON)
    publish(names(load()).created, mirror, a_sign_up("stranger", at=banned_at, handle="qwerty"))
    return banned_at


@pytest.mark.journey
def test_a_topic_is_read_with_the_bans_beside_it(samehand: Samehand, live: datetime, tmp_path: Path) -> None:
    topic = names(load()).created
    ran = samehand("try", "--topic", topic, "--from", "1h", "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    assert ran.figures["sources"] == [names(load()).banned, topic]
    assert [it["account_id"] for it in ran.figures["best"]] == ["mirror"]


@pytest.mark.journey
def test_nothing_is_left_on_the_broker(
    samehand: Samehand, live: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_KAFKA_GROUP", "only-here")  # other tests' workers share the broker
    given = load()
    samehand("try", "--topic", names(given).created, "--out", tmp_path / "out")
    with admin(given) as client:
        group = client.describe_groups([given.kafka_group])[given.kafka_group]
    assert group["group_state"] == "Dead"  # as Kafka calls one that never was


@pytest.mark.journey
def test_from_says_where_to_begin(samehand: Samehand, live: datetime, tmp_path: Path) -> None:
    time.sleep(0.01)  # Kafka's stamps are whole milliseconds
    line = ("try", "--topic", names(load()).created, "--out", tmp_path / "out", "--from")
    now = datetime.now(UTC).isoformat()
    assert samehand(*line, "start").code == 0
    late = samehand(*line, now)
    assert late.code == 2
    assert "no sign-up to look at" in late.err


@pytest.mark.journey
def test_long_before_kafka_is_the_start(samehand: Samehand, live: datetime, tmp_path: Path) -> None:
    line = ("try", "--topic", names(load()).created, "--out", tmp_path / "out", "--json", "--from")
    assert [samehand(*line, it).code for it in ("999999w", "1901-01-01")] == [0, 0]


@pytest.mark.journey
def test_an_unknown_topic_is_named(samehand: Samehand, live: datetime, tmp_path: Path) -> None:
    ran = samehand("try", "--topic", "no.such.topic", "--out", tmp_path / "out")
    assert ran.code == 1
    assert "there is no topic no.such.topic" in ran.err


@pytest.mark.journey
def test_the_check_of_the_page_reads_changes_and_verdicts_beside_sign_ups(
    samehand: Samehand, live: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, at = names(load()), live + timedelta(minutes=90)
    changed = a_change("stranger", at=at, **PERSON)
    said = replace(a_verdict(alert_id("telegram:stranger", "telegram:banned"), "not_mirror"), decided_at=live)
    publish(named.updated, changed)
    with writer(load()) as out:
        out.send(named.verdicts, key=b"1", value=encode(said), headers=[]).get(timeout=10.0)
    monkeypatch.chdir(tmp_path)
    Path("weights.json").write_bytes(msgspec.json.encode(default_weights()))
    page = (ROOT / "docs/howto/trial.md").read_text("utf-8")
    [line] = re.findall(r"samehand (try --topic .*?--allow 20)", page, re.DOTALL)
    for topic in ("accounts.created", "accounts.updated", "alerts.verdicts"):
        assert topic in line
        line = line.replace(topic, f"{load().topic_prefix}{topic}")
    line = re.sub(r"--from \S+\s+--to \S+", "--from 1d", line)
    ran = samehand(*line.split(), "--json")
    assert ran.code == 0, ran.err
    assert ran.figures["events"]["verdicts"] == ran.figures["events"]["kinds"]["updated"] == 1
    # What was dismissed before the change stays silent after it; of the mirror nothing was said.
    assert [it["account_id"] for it in ran.figures["best"]] == ["mirror"]
    assert (ran.figures["compared"]["both"], ran.figures["compared"]["only_a"]) == (1, 0)


# Each event in its turn: looking back, bans that end, rows without a date, whatever the order of files.


def test_files_in_another_order_have_the_same_alerts(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    backwards = tmp_path / "backwards.jsonl"
    backwards.write_bytes(b"".join(reversed(events.read_bytes().splitlines(keepends=True))))
    told = [
        samehand("try", "--events", it, "--bans", bans, "--out", tmp_path / "out", "--json").figures["best"]
        for it in (events, backwards)
    ]
    assert told[0] == told[1]


def test_an_account_that_was_there_before_the_ban_is_found_looking_back(
    samehand: Samehand, tmp_path: Path
) -> None:
    early = a_sign_up("prepared", at=NOON - timedelta(hours=3), **PERSON)
    events, bans = a_platform(tmp_path, early, *strangers(3))
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["directions"]["lookback"] == 1
    assert ran.figures["best"][0]["direction"] == "lookback"


def test_a_ban_that_ended_before_the_account_came_alerts_nobody(samehand: Samehand, tmp_path: Path) -> None:
    over = a_ban("banned", expires_at=NOON + timedelta(minutes=30), **PERSON)
    late = a_sign_up("mirror", at=NOON + timedelta(hours=3), **PERSON)
    events, bans = a_platform(tmp_path, late, bans=(over,))
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["raised"] == 0


def test_what_expired_later_was_taken_back(samehand: Samehand, tmp_path: Path) -> None:
    over = a_ban("banned", expires_at=NOON + timedelta(hours=2), **PERSON)
    mirror = a_sign_up("mirror", at=NOON + timedelta(hours=1), **PERSON)
    later = a_sign_up("later", at=NOON + timedelta(hours=9), handle="quite.another")
    events, bans = a_platform(tmp_path, mirror, later, bans=(over,))
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["raised"] == 1
    assert ran.figures["alerts"]["taken_back"] == {"ban-expired": 1}
    assert {line["ours"] for line in ran.figures["best"][0]["evidence"]} == {""}


def test_rows_without_a_date_are_judged_all_the_same(samehand: Samehand, tmp_path: Path) -> None:
    bans, events = tmp_path / "bans.csv", tmp_path / "events.csv"
    bans.write_text("handle,device_id\numar.media.channel,6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b\n")
    events.write_text("handle,device_id\numar.media.channel,6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b\nqwrt,\n")
    first, second = (
        samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json") for _ in "ab"
    )
    assert first.code == 0, first.err
    assert first.figures["alerts"]["raised"] == 1
    assert first.figures["events"]["without_a_date"] == 3
    assert first.figures["best"] == second.figures["best"]


def an_event(kind: Kind, account: str, at: float) -> SourceEvent:
    return SourceEvent(at, kind, Arrival(kind, 0, 0, account.encode(), b"{}", (), at), f"{kind}:{account}")


def test_bans_and_sign_ups_that_alternate_are_taken_in_few_batches() -> None:
    kinds: tuple[Kind, Kind] = ("created", "banned")
    hour = [an_event(kinds[place % 2], f"x:{place}", float(place)) for place in range(400)]
    bans, sign_ups = in_batches(hour)
    assert {it.kind for it in bans} == {"banned"}
    assert {it.kind for it in sign_ups} == {"created"}
    assert sorted(it.at for it in [*bans, *sign_ups]) == [it.at for it in hour]


def test_what_happens_to_one_account_keeps_its_order() -> None:
    told: list[tuple[Kind, str]] = [
        ("created", "x:1"),
        ("banned", "x:2"),
        ("banned", "x:1"),
        ("reinstated", "x:1"),
        ("created", "x:3"),
        ("banned", "x:1"),
    ]
    taken = [it for batch in in_batches([an_event(*it, 0.0) for it in told]) for it in batch]
    theirs = [it.kind for it in taken if it.arrival.key == b"x:1"]
    assert theirs == [kind for kind, key in told if key == "x:1"]
    assert len(taken) == len(told)


def test_who_comes_after_a_ban_has_ended_is_not_held_against_it() -> None:
    told: list[tuple[Kind, str]] = [("created", "x:1"), ("reinstated", "x:2"), ("created", "x:3")]
    taken = in_batches([an_event(*it, 0.0) for it in told])
    assert [[it.arrival.key for it in batch] for batch in taken] == [[b"x:1"], [b"x:2"], [b"x:3"]]


def test_a_mirror_that_signs_up_within_the_hour_is_found_whichever_of_the_two_came_first(
    samehand: Samehand, tmp_path: Path
) -> None:
    bans = tuple(
        a_ban(
            f"b{n}",
            at=NOON + timedelta(minutes=2 * n),
            banned_at=NOON + timedelta(minutes=2 * n),
            handle=f"quite.other{n}",
        )
        for n in range(9)
    )
    ban = a_ban("banned", at=NOON + timedelta(minutes=10), banned_at=NOON + timedelta(minutes=10), **PERSON)
    before = a_sign_up("before", at=NOON + timedelta(minutes=7), **PERSON)
    after = a_sign_up("after", at=NOON + timedelta(minutes=13), **PERSON)
    events, listed = a_platform(tmp_path, before, after, *strangers(20), bans=(*bans, ban))
    ran = samehand("try", "--events", events, "--bans", listed, "--out", tmp_path / "out", "--json")
    assert ran.figures["alerts"]["raised"] == 2


# The figures: what a team can read, what was missing, and what another table makes of it.


def test_capacity_says_from_which_probability_alerts_fit(samehand: Samehand, tmp_path: Path) -> None:
    mirrors = [a_sign_up(f"m{n}", at=NOON + timedelta(hours=n), **PERSON) for n in range(1, 25)]
    events, bans = a_platform(tmp_path, *mirrors)
    ran = samehand(
        "try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--capacity", 5, "--json"
    )
    capacity = ran.figures["capacity"]
    assert capacity["fitting"]["of"] == ran.figures["alerts"]["raised"] > 5
    assert capacity["fitting"]["alerts"] <= 5
    assert [it["alerts"] for it in capacity["thresholds"]] == sorted(
        (it["alerts"] for it in capacity["thresholds"]), reverse=True
    )


def test_another_table_of_weights_says_whom_it_alone_alerts(samehand: Samehand, tmp_path: Path) -> None:
    table = msgspec.json.decode(msgspec.json.encode(default_weights()))
    del table["signals"]["device"]["levels"]["same"]["a_ban"]
    for row in table["signals"]["device"]["levels"].values():
        row["m"], row["u"] = 0.5, 0.5
    table["version"], table["mirrors_a_ban"] = "deaf to devices", 1e-25
    other = tmp_path / "other.json"
    other.write_text(json.dumps(table))
    mirror = a_sign_up("mirror", at=NOON + timedelta(hours=1), locale="ur-PK", **PERSON)
    events, bans = a_platform(tmp_path, mirror)
    ran = samehand(
        *("try", "--events", events, "--bans", bans, "--out", tmp_path / "out"), "--weights", other, "--json"
    )
    assert ran.code == 0, ran.err
    compared = ran.figures["compared"]
    assert (compared["only_a"], compared["only_b"]) == (1, 0)
    [lost] = compared["best_only_a"]
    assert lost["alert"]["account_id"] == "mirror"
    assert {"device"} <= {row["signal"] for row in lost["rows"]}
    assert "deaf to devices" in (tmp_path / "out" / "report.html").read_text("utf-8")
    line = ("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--weights", other)
    assert samehand(*line, "--allow", 1).code == 0
    beyond = samehand(*line, "--allow", 0)
    assert (beyond.code, beyond.err.splitlines()[-1]) == (1, "1 pair alerted under one side only; --allow 0")
    assert "no sign-up to look at" in samehand(*line, "--to", (NOON + timedelta(minutes=30)).isoformat()).err


def test_empty_fields_and_silent_signals_are_named(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert {"phone", "ip", "payment_token"} <= set(ran.figures["fields"]["created"]["empty"])
    assert {"phone", "payment", "network", "avatar"} <= set(ran.figures["signals"]["silent"])
    assert "device" not in ran.figures["signals"]["silent"]


# Pairs that one knows: precision, recall, and why the others were missed.


def test_known_pairs_are_measured_and_the_missed_are_grouped_by_cause(
    samehand: Samehand, tmp_path: Path
) -> None:
    again = a_sign_up("again", at=NOON + timedelta(hours=2), **PERSON)
    fresh = a_sign_up("fresh", at=NOON + timedelta(hours=3), handle="quiet_gardener")
    mirror = a_sign_up("mirror", at=NOON + timedelta(hours=1), **PERSON)
    late = NOON + timedelta(hours=9)
    own = a_ban("again", at=late, banned_at=late, **PERSON)  # the platform found it by itself
    bans = (a_ban("banned", **PERSON), own)
    events, listed = a_platform(tmp_path, mirror, again, fresh, *strangers(3), bans=bans)
    (tmp_path / "known.csv").write_text(
        "account_id,banned_account_id\nmirror,banned\nfresh,banned\nnobody,banned\n"
    )
    line = ("try", "--events", events, "--bans", listed, "--out", tmp_path / "out")
    ran = samehand(*line, "--truth", tmp_path / "known.csv", "--json")
    known = ran.figures["known"]
    possible = known["bands"]["possible"]
    assert (possible["precision"]["hits"], possible["precision"]["of"]) == (1, 1)  # not 1 of 2
    assert (possible["recall"]["hits"], possible["recall"]["of"]) == (1, 3)
    assert possible["recall"]["interval"][0] < 1 / 3 < possible["recall"]["interval"][1]
    assert known["banned_by_you"] == {"pairs": 0, "alerts": 1}
    assert {it["cause"]: it["pairs"] for it in known["missed"]} == {"account-not-read": 1, "no-shared-key": 1}
    shown = samehand(*line, "--truth", tmp_path / "known.csv")
    assert "Beside them 1 likely, 0 possible on 1 account that you banned later yourselves." in " ".join(
        shown.out.split()
    )
    assert "1 missed, no-shared-key: " in shown.out
    words = " ".join(shown.out.split())
    assert "Verdict: 2 new accounts and banned ones look written in the same hand" in words
    assert "your own later bans confirm 1." in words
    assert "Reading all alerts takes a person about" in words
    assert known["false_alarms"]["script"]["max_over_mean"] is None
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "The 3 pairs that you know" in page
    scored = samehand(
        *("score", "--bans", listed, "--accounts", events, "--truth", tmp_path / "known.csv", "--json")
    )
    assert scored.figures["known"]["missed"] == known["missed"]


def test_try_of_known_pairs_shows_false_alarms_by_script_and_language(
    samehand: Samehand, tmp_path: Path
) -> None:
    accused = a_sign_up("innocent", locale="ur-PK", **PERSON)
    events, listed = a_platform(tmp_path, accused, *strangers(3), bans=(a_ban("banned", **PERSON),))
    (tmp_path / "known.csv").write_text("account_id,banned_account_id\nother,banned\n")
    line = ("try", "--events", events, "--bans", listed, "--out", tmp_path / "out")
    ran = samehand(*line, "--truth", tmp_path / "known.csv", "--json")
    by_language = ran.figures["known"]["false_alarms"]["language"]
    assert (by_language["per_1000"]["ur"]["hits"], by_language["per_1000"]["ur"]["of"]) == (1, 1)
    assert "False alarms by language" in (tmp_path / "out" / "report.html").read_text("utf-8")


# Files in forms of one's own.


def test_a_table_of_users_is_read_by_a_mapping_and_numbers_by_their_region(
    samehand: Samehand, tmp_path: Path
) -> None:
    (tmp_path / "users.csv").write_text(
        "id;name;mobile;made;ended\n"
        "1;Zarqa Bulletin;0301 2345678;2026-11-24T10:00:00Z;2026-11-24T12:00:00Z\n"
        "2;Somebody;0301 2345678;2026-11-24T12:10:00Z;\n"
        "3;Another;;2026-11-24T13:00:00Z;\n"
    )
    (tmp_path / "mappings.toml").write_text(
        '[topics.users]\nformat = "json"\nconstants = { platform = "app" }\n'
        '[topics.users.fields]\naccount_id = "id"\ndisplay_name = "name"\nphone = "mobile"\n'
        'occurred_at = "made"\n[[topics.users.rules]]\nwhen = "ended"\nas = "banned"\n'
        'fields = { occurred_at = "ended", banned_at = "ended" }\n[[topics.users.rules]]\nas = "created"\n'
    )
    files = ("--events", tmp_path / "users.csv", "--mapping", tmp_path / "mappings.toml")
    line = ("try", *files, "--out", tmp_path / "out", "--json")
    [row] = samehand(*line).figures["events"]["fields_unusable"]
    assert (row["field"], row["records"], row["example"]) == ("phone", 2, "0••• •••••••")
    assert "--region PK" in row["hint"]
    ran = samehand(*line, "--region", "pk")
    assert ran.figures["events"]["fields_unusable"] == []
    [alert] = ran.figures["best"]
    assert (alert["account_id"], alert["matched"]["account_id"]) == ("2", "1")
    assert alert["seconds_since_ban"] == 600  # a file has no stamps of Kafka's that would make its bans late
    both = tmp_path / "users.csv"
    scored = samehand("score", "--bans", both, "--accounts", both, *files[2:], "--region", "PK", "--json")
    assert scored.figures["alerts"]["likely"] == 1
    assert "two letters of ISO 3166" in samehand(*line, "--region", "Pakistan").err


def test_files_of_several_mapped_topics_are_told_apart_by_their_topics(
    samehand: Samehand, tmp_path: Path
) -> None:
    users, gone, mapping = (tmp_path / name for name in ("users.csv", "gone.csv", "mappings.toml"))
    users.write_text("uid,nick,mail,joined\n7,zarqa_2,zarqa@example.org,24.11.2026 13:10\n8,b,n/a,-\n")
    gone.write_text("uid,nick,mail,ended\n3,zarqa_1,zarqa@example.org,24.11.2026 13:00\n")
    fields = 'fields = { account_id = "uid", handle = "nick", email = "mail", occurred_at = %s }'
    local = '{ from = "%s", format = "%%d.%%m.%%Y %%H:%%M", zone = "Asia/Karachi" }'
    mapping.write_text(
        "".join(
            f'[topics."{topic}"]\nformat = "json"\nconstants.platform = "site"\n'
            f'{fields % local % moment}\n[[topics."{topic}".rules]]\nas = "{kind}"\n'
            for topic, moment, kind in (("site.users", "joined", "created"), ("site.bans", "ended", "banned"))
        )
    )
    line = ("try", "--mapping", mapping, "--out", tmp_path / "out", "--json")
    ran = samehand(*line, "--events", f"site.users={users}", "--bans", f"site.bans={gone}")
    [alert] = ran.figures["best"]
    assert (alert["account_id"], alert["matched"]["account_id"]) == ("7", "3")
    assert ran.figures["events"]["bad"] == 1  # the moment of 8 is missing, and its mailbox is no fault
    assert "missing-field" in ran.err
    assert ran.figures["events"]["fields_unusable"] == []
    for events in (users, f"site.logins={users}"):
        refused = samehand(*line, "--events", events, "--bans", f"site.bans={gone}")
        assert refused.code == 2
        assert "site.users" in refused.err or "is not mapped" in refused.err
    assert "--mapping" in samehand("try", "--events", f"site.users={users}", "--out", tmp_path / "o").err


# The store of a dry run: its own, whatever the settings name; in memory up to a stated size.


def events_of(folder: Path) -> list[SourceEvent]:
    mirrors = [a_sign_up(f"m{n}", at=NOON + timedelta(minutes=n), **PERSON) for n in range(3)]
    events, bans = a_platform(folder, *mirrors, *strangers(20))
    gathered = Gathered(Names())
    of_files(gathered, events, bans, EventFiles("x"))
    return gathered.ordered()


@pytest.mark.journey
async def test_redis_and_memory_tell_the_same(tmp_path: Path) -> None:
    events = events_of(tmp_path)
    told = []
    for records in (1, 20_000):
        watch = Watch([AccountPair("m1", "banned"), AccountPair("stranger-3", ""), AccountPair("m2", "x")])
        async with stores.store_for(records, load({})) as (store, kind):
            replay = Replay(store, secret_of(events), default_weights(), AlertPolicy(), watch)
            ran = await replay.run(events)
            told.append((kind, ran.raised, watch.of(watch.pairs, alerted_pairs(ran.raised))))
    assert [kind for kind, *_ in told] == ["memory", "redis"]
    assert told[0][1:] == told[1][1:]
    assert [one.cause for one in told[0][2]] == ["alerted", "no-shared-key", "ban-not-read"]


async def test_without_a_redis_memory_takes_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*given: object) -> Path:
        raise NotAvailable("Embedded servers need Linux on x86-64.")

    monkeypatch.setattr("local.redis.executable", none)
    async with stores.store_for(stores.MEMORY_RECORDS_MAX, load({})) as (_, kind):
        assert kind == "memory"
    with pytest.raises(NotDone, match="too many for the store in memory, which takes 200,000"):
        async with stores.store_for(stores.MEMORY_RECORDS_MAX + 1, load({})):
            pass


# What a dry run refuses, in one line, and what it goes on with.


@for_each(
    ("line", "why"),
    [
        ([], "give --topic NAME"),
        (["--events", "EVENTS"], "no ban to compare accounts with: give --bans"),
        (["--events", "EVENTS", "--bans", "EMPTY"], "no ban to compare accounts with"),
        (["--events", "EMPTY", "--bans", "BANS"], "no sign-up to look at"),
        (["--events", "EVENTS", "--topic", "t", "--bans", "BANS"], "not both"),
        (["--topic", "t", "--kcat"], "--kcat says"),
        (["--events", "EVENTS", "--bans", "missing.csv"], "missing.csv"),
        (["--events", "EVENTS", "--bans", "BANS", "--records", "3"], "over 3 records"),
        (["--topic", "t", "--from", "yesterday"], "give 24h, 7d, a date"),
        (["--events", "EVENTS", "--bans", "BANS", "--allow", "3"], "give both"),
        (["--events", "EVENTS", "--bans", "BANS", "x:17"], "BANNED goes with --why ACCOUNT"),
        (["--events", "EVENTS", "--bans", "BANS", "--truth", "EMPTY"], "lacks the column account_id"),
        (["--events", "EVENTS", "--bans", "BANS", "--out", "BANS"], "--out"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    samehand: Samehand, tmp_path: Path, line: list[str], why: str
) -> None:
    events, bans = a_platform(tmp_path)
    named = {"EVENTS": events, "BANS": bans, "EMPTY": jsonl(tmp_path / "empty.jsonl")}
    ran = samehand("try", "--out", tmp_path / "out", *[named.get(word, word) for word in line])
    assert ran.code == 2
    assert why in ran.err


def test_a_bad_line_is_told_and_the_rest_goes_on(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    events.write_bytes(b'{"version": 1\n\xff\xfe\n' + events.read_bytes())
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.code == 0
    assert ran.figures["events"]["bad"] == 2
    assert "sign-ups.jsonl:1: not-json" in ran.err
    assert ran.figures["alerts"]["raised"] == 1


def test_a_mapped_sample_needs_no_kafka(samehand: Samehand, tmp_path: Path) -> None:
    examples = ROOT / "examples" / "debezium"
    ran = samehand(
        *("try", "--mapping", examples / "mappings.toml", "--kcat"),
        *("--events", examples / "sample.kcat.jsonl", "--out", tmp_path / "out", "--json"),
    )
    assert ran.code == 0, ran.err
    assert ran.figures["best"][0]["taken_back"] == "account-banned"  # its mirror was banned two minutes later
    alerts = ran.figures["alerts"]
    assert (alerts["raised"], alerts["accounts"], alerts["banned_by_you"]["accounts"]) == (1, 0, 1)
    assert ran.figures["capacity"]["thresholds"][0]["banned_by_you"] == 1
    assert ran.figures["events"]["bad"] == 1


# The report as a page: it loads nothing, it obeys nobody's text, and its colours can be read.


HOSTILE = '"><script>alert(1)</script>\u202eevil\u2066<img src=x onerror=y>'


class Elements(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def pages_of(samehand: Samehand, folder: Path, **profile: str) -> list[str]:
    person = {**PERSON, **profile}
    events, bans = a_platform(
        folder,
        a_sign_up(HOSTILE[:40], at=NOON + timedelta(hours=1), **person),
        bans=(a_ban("banned\u202e", **person),),
    )
    ran = samehand("try", "--events", events, "--bans", bans, "--out", folder / "out")
    assert ran.code == 0, ran.err
    return [path.read_text("utf-8") for path in sorted((folder / "out").rglob("*.html"))]


def test_only_pages_of_a_former_run_go(samehand: Samehand, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "alerts"
    folder.mkdir(parents=True)
    for name in ("all-9.html", "policy-12-3.html", "index.html", "all-9.html.bak"):
        (folder / name).touch()
    written = pages_of(samehand, tmp_path)
    left = {path.name for path in folder.iterdir()}
    assert not left & {"all-9.html", "policy-12-3.html"}
    assert left >= {"index.html", "all-9.html.bak", "all-1.html"}
    assert all(OWN_NAME.fullmatch(name) for name in left - {"index.html", "all-9.html.bak"})
    assert len(written) == 7


def test_hostile_text_stays_text(samehand: Samehand, tmp_path: Path) -> None:
    texts = pages_of(samehand, tmp_path, display_name=HOSTILE, bio=HOSTILE * 3)
    assert len(texts) == 6  # the report, the alerts, and lists of all, a band, a policy, a platform
    for text in texts:
        page = Elements(text)
        assert page.open == []
        assert not {tag for tag, _ in page.tags} & {"script", "img", "iframe", "form", "object"}
        assert "<U+202E>" in text.replace("&lt;", "<").replace("&gt;", ">")
        assert not re.search("[\u202a-\u202e\u2066\u2067]", text)


def test_nothing_is_loaded_and_nothing_runs(samehand: Samehand, tmp_path: Path) -> None:
    for page in map(Elements, pages_of(samehand, tmp_path)):
        assert all(
            not (value or "").startswith(("http", "//")) for _, attrs in page.tags for value in attrs.values()
        )
        assert not [
            name for _, attrs in page.tags for name in attrs if name.startswith("on") or name == "src"
        ]
        [policy] = [it["content"] for _, it in page.tags if it.get("http-equiv") == "Content-Security-Policy"]
        assert policy is not None
        assert policy.startswith("default-src 'none'")


def test_a_phone_is_told_its_width_and_other_words_stand_isolated(samehand: Samehand, tmp_path: Path) -> None:
    page = Elements(pages_of(samehand, tmp_path)[-1])
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.tags
    assert sum(tag == "bdi" for tag, _ in page.tags) > 4


def test_all_alerts_stand_on_pages_of_bounded_size_and_in_files(samehand: Samehand, tmp_path: Path) -> None:
    mirrors = [a_sign_up(f"=cmd{n}", at=NOON + timedelta(minutes=n), **PERSON) for n in range(1, 61)]
    events, bans = a_platform(tmp_path, *mirrors)
    out = tmp_path / "out"
    ran = samehand("try", "--events", events, "--bans", bans, "--out", out, "--json")
    raised = ran.figures["alerts"]["raised"]
    assert raised > 2 * A_PAGE
    lines = (out / "alerts.jsonl").read_bytes().splitlines()
    assert len(lines) == raised
    assert all(isinstance(decode_alert(line, now=inf), Decoded) for line in lines)
    rows = list(csv.DictReader((out / "alerts.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == raised
    assert [row["probability"] for row in rows] == sorted((row["probability"] for row in rows), reverse=True)
    assert all(row["account_id"].startswith("'=cmd") for row in rows)  # no spreadsheet computes it
    # Every page leads on, and every link leads somewhere; every alert stands on one of the pages.
    articles, todo, seen = 0, [out / "report.html"], set[Path]()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        assert path.stat().st_size < 600_000
        page = Elements(path.read_text("utf-8"))
        articles += sum(tag == "article" for tag, _ in page.tags) if path.name.startswith("all-") else 0
        links = [dict(attrs).get("href") or "" for tag, attrs in page.tags if tag == "a"]
        todo += [(path.parent / link.partition("#")[0]).resolve() for link in links if ".html" in link]
    assert articles == raised
    rows_link = re.findall(
        r'href="(all-[0-9]+\.html)#([0-9a-f]+)"', (out / "alerts/list-1.html").read_text("utf-8")
    )
    assert len(rows_link) == raised
    assert all(f'id="{one}"' in (out / "alerts" / page).read_text("utf-8") for page, one in rows_link)
    assert {path.name for path in seen if path.parent.name == "alerts"} == {
        path.name for path in (out / "alerts").iterdir()
    }
    # A later run with fewer alerts leaves no page of this one.
    events, bans = a_platform(tmp_path)
    samehand("try", "--events", events, "--bans", bans, "--out", out)
    assert not (out / "alerts" / "all-2.html").exists()


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def palettes() -> list[dict[str, str]]:
    return [
        dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{([^}]*)\}", (TEMPLATES / "trial.css").read_text("utf-8"))
    ]


@for_each("scheme", [0, 1])
@for_each("ink", ["ink", "soft", "good", "warn", "bad", "mark"])
@for_each("ground", ["ground", "card"])
def test_every_text_has_the_contrast_that_wcag_asks_for(scheme: int, ink: str, ground: str) -> None:
    colours = palettes()[scheme]
    light, dark = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


# A replay as a test: the same events under other weights or settings, verdicts in their order.


PAGE = (ROOT / "docs/howto/trial.md").read_text("utf-8")
KNOWN = alert_id("telegram:mirror", "telegram:banned")


def kcat(path: Path, *records: tuple[str, Record]) -> Path:
    """What ``kcat -J`` prints of topics, one after the other."""
    lines = [
        {
            "topic": topic,
            "partition": 0,
            "offset": offset,
            "ts": int(NOON.timestamp() * 1_000),
            "key": getattr(record, "key", None),
            "payload": encode(record).decode(),
        }
        for offset, (topic, record) in enumerate(records)
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def an_hour(folder: Path, *more: tuple[str, Record]) -> Path:
    """A ban, its mirror an hour later, and strangers; the topics one after the other, as ``kcat`` reads."""
    mirror = a_sign_up("mirror", at=NOON + timedelta(hours=1), locale="ur-PK", **PERSON)
    return kcat(
        folder / "events.jsonl",
        *(("accounts.created", it) for it in (mirror, *strangers(5))),
        ("accounts.banned", a_ban("banned", **PERSON)),
        *more,
    )


def tried(samehand: Samehand, folder: Path, events: Path, *words: object) -> dict[str, Any]:
    ran = samehand("try", "--events", events, "--kcat", "--out", folder / "out", "--json", *words)
    assert ran.code == 0, ran.err
    return ran.figures


def test_changes_and_verdicts_come_in_their_order(samehand: Samehand, tmp_path: Path) -> None:
    changed = a_change("stranger-3", at=NOON + timedelta(hours=3), **PERSON)
    # The same mirror under another name: what was said of the first pair silences nothing of this one.
    said = replace(a_verdict(KNOWN, "not_mirror"), decided_at=NOON + timedelta(hours=2))
    figures = tried(
        samehand, tmp_path, an_hour(tmp_path, ("alerts.verdicts", said), ("accounts.updated", changed))
    )
    assert figures["events"]["kinds"]["updated"] == figures["events"]["verdicts"] == 1
    assert figures["alerts"]["directions"] == {"forward": 1, "lookback": 0, "update": 1}
    assert figures["alerts"]["taken_back"] == {"verdict": 1}


@pytest.mark.parametrize(("decided", "raised"), [(30, 0), (120, 1)])
def test_a_verdict_silences_what_comes_after_it_alone(
    samehand: Samehand, tmp_path: Path, decided: int, raised: int
) -> None:
    said = replace(a_verdict(KNOWN, "not_mirror"), decided_at=NOON + timedelta(minutes=decided))
    figures = tried(samehand, tmp_path, an_hour(tmp_path, ("alerts.verdicts", said)))
    assert figures["alerts"]["raised"] == raised


def test_a_later_verdict_opens_the_alert_again(samehand: Samehand, tmp_path: Path) -> None:
    first = replace(a_verdict(KNOWN, "not_mirror"), decided_at=NOON + timedelta(hours=2))
    second = replace(a_verdict(KNOWN, "mirror"), decided_at=NOON + timedelta(hours=5))
    events = an_hour(tmp_path, ("alerts.verdicts", second), ("alerts.verdicts", first))
    assert tried(samehand, tmp_path, events)["alerts"]["taken_back"] == {}


def test_other_settings_are_held_against_those_in_force(samehand: Samehand, tmp_path: Path) -> None:
    said = replace(a_verdict(KNOWN, "mirror"), decided_at=NOON + timedelta(hours=2))
    events, other = an_hour(tmp_path, ("alerts.verdicts", said)), tmp_path / "other.env"
    (tmp_path / "never").write_text("telegram:mirror\n")
    other.write_text(
        "# of production\nSAMEHAND_KAFKA_BROKERS=kafka:9092\n"
        f"export SAMEHAND_ALLOWLIST='{tmp_path / 'never'}'\n"
        'SAMEHAND_BANDS={"spam": {"likely": 0.999, "possible": 0.99}}\n'
    )
    line = ("try", "--events", events, "--kcat", "--out", tmp_path / "out", "--against", other, "--json")
    ran = samehand(*line)
    compared = ran.figures["compared"]
    assert (compared["only_a"], compared["only_b"], compared["both"]) == (1, 0, 0)
    assert compared["bands"]["policies"] == {"spam": {"likely": 0.999, "possible": 0.99}}
    assert compared["judged_a"] == {"mirror": 1}
    assert "a trial does not read SAMEHAND_KAFKA_BROKERS" in ran.err
    assert "of them mirror 1." in samehand(*line[:-1]).out
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "SAMEHAND_ALLOWLIST=" in page
    assert samehand(*line, "--allow", 1).code == 0
    assert samehand(*line, "--allow", 0).code == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SAMEHAND_LIKLY=0.9", "there is no setting SAMEHAND_LIKLY; did you mean SAMEHAND_LIKELY?"),
        ("SAMEHAND_LIKELY=0.4", "SAMEHAND_POSSIBLE must not be above SAMEHAND_LIKELY"),
        ("SAMEHAND_LIKELY=high", "SAMEHAND_LIKELY: "),
        ("likely = 0.9", "line 1: write SAMEHAND_NAME=VALUE"),
        ("# nothing yet", "names no setting by which a trial alerts"),
        ("{}", "is no table of weights"),
        ("\udcff", "neither a table of weights (JSON) nor a file of settings"),
    ],
)
def test_what_is_no_side_to_compare_with_is_one_line(
    samehand: Samehand, tmp_path: Path, text: str, why: str
) -> None:
    other = tmp_path / "other"
    other.write_bytes(text.encode("utf-8", "surrogateescape"))
    ran = samehand("try", "--events", an_hour(tmp_path), "--kcat", "--out", tmp_path, "--against", other)
    assert ran.code == 2
    assert "--against" in ran.err
    assert why in ran.err


def test_the_same_events_leave_the_same_bytes_whatever_the_hash_seed(
    samehand: Samehand, tmp_path: Path
) -> None:
    said = replace(a_verdict(KNOWN, "mirror"), decided_at=NOON + timedelta(hours=2))
    again = a_sign_up("again", at=NOON + timedelta(hours=4), **PERSON)
    events = an_hour(tmp_path, ("alerts.verdicts", said), ("accounts.created", again))
    other = tmp_path / "other.env"
    other.write_text("SAMEHAND_POSSIBLE=0.2\nSAMEHAND_LIKELY=0.7\n")
    line = ("try", "--events", events, "--kcat", "--against", other, "--out")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    assert samehand(*line, ours).code == 0  # by the seed of this process, which no other has
    ran = subprocess.run(
        [sys.executable, "-m", "cli", *map(str, line), str(theirs)],
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300.0,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    left = [{path.relative_to(out): path.read_bytes() for path in out.rglob("*.*")} for out in (ours, theirs)]
    assert left[0] == left[1]
    assert len(left[0]) > 5


def test_the_command_of_the_page_is_a_check(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    an_hour(tmp_path).rename("events.kcat.jsonl")
    Path("weights.json").write_bytes(msgspec.json.encode(default_weights()))
    [line] = re.findall(r"^samehand (try --events .*--against .*)$", PAGE, re.MULTILINE)
    ran = samehand(*line.split())
    assert ran.code == 0, ran.err
    assert "Under both: 1, 0 in another band." in ran.out


def test_other_commands_take_their_kind_out_of_the_same_file(samehand: Samehand, tmp_path: Path) -> None:
    events = an_hour(tmp_path, ("alerts.verdicts", a_verdict(KNOWN, "mirror")))
    figures = samehand("score", "--bans", events, "--accounts", events, "--kcat", "--json").figures
    assert (figures["accounts"], figures["bans"], figures["bad_rows"]) == (6, 1, 0)
    assert figures["alerts"]["likely"] == 1


# Why a pair was alerted on or not: one small platform for each cause, asked by `samehand try --why`.


HOUR = timedelta(hours=1)
DEVICE: dict[str, Any] = {"device_id": PERSON["device_id"]}


class Platform(NamedTuple):
    """Sign-ups and bans, and settings that differ."""

    events: Sequence[Record]
    bans: Sequence[Record]
    given: dict[str, str] | None = None


def a_mirror(**profile: Any) -> Record:
    return a_sign_up("new", at=NOON + HOUR, **profile)


def alerted(folder: Path) -> Platform:
    return Platform([a_mirror(**PERSON)], [a_ban("old", **PERSON)])


def account_not_read(folder: Path) -> Platform:
    return Platform(strangers(3), [a_ban("old", **PERSON)])


def ban_not_read(folder: Path) -> Platform:
    return Platform([a_mirror(**PERSON)], [a_ban("another", handle="quiet_gardener")])


def account_banned(folder: Path) -> Platform:
    return Platform([a_mirror(**PERSON)], [a_ban("old", **PERSON), a_ban("new", **PERSON)])


def allowlisted(folder: Path) -> Platform:
    (folder / "allowed.txt").write_text("telegram:new\n")
    return Platform(*alerted(folder)[:2], {"allowlist": str(folder / "allowed.txt")})


def ban_over(folder: Path) -> Platform:
    over = a_ban("old", expires_at=NOON + HOUR / 2, **PERSON)
    return Platform([a_sign_up("new", at=NOON + 3 * HOUR, **PERSON)], [over])


def forgotten(folder: Path) -> Platform:
    early = [a_sign_up(f"stranger-{day}", at=NOON + day * 24 * HOUR) for day in range(-79, 0)]
    return Platform([a_sign_up("new", at=NOON - 80 * 24 * HOUR, **PERSON), *early], [a_ban("old", **PERSON)])


def other_platform(folder: Path) -> Platform:
    old = a_ban("old", platform="x", **PERSON)
    return Platform([a_mirror(**PERSON)], [old], {"cross_platform": "false"})


def no_shared_key(folder: Path) -> Platform:
    return Platform([a_mirror(handle="quiet_gardener")], [a_ban("old", **PERSON)])


def too_weak(folder: Path) -> Platform:
    long_ago = NOON - 60 * 24 * HOUR
    old = a_ban("old", at=long_ago, banned_at=long_ago, ip="39.40.12.77", **DEVICE)
    return Platform([a_mirror(ip="39.40.12.77", **DEVICE)], [old])


def full_posting(folder: Path) -> Platform:
    named: dict[str, Any] = {"display_name": "Umar Media"}
    decoys = [a_ban(f"decoy-{number}", **named) for number in range(300)]  # a name lists 256
    return Platform([a_mirror(**named)], [*decoys, a_ban("old", **named)])


def outranked(folder: Path) -> Platform:
    decoys = [a_ban(f"decoy-{number}", **PERSON, phone="+923001234567") for number in range(70)]
    return Platform([a_mirror(**PERSON, phone="+923001234567")], [*decoys, a_ban("old", **PERSON)])


def withheld(folder: Path) -> Platform:
    values: dict[str, Any] = {
        "email": "zarqa.desk@example.org",
        "phone": "+923001234567",
        "payment_token": "tok_5f31",
    }
    stronger = [a_ban(f"old-{name}", **{name: value}) for name, value in values.items()]
    return Platform([a_mirror(**values, **DEVICE)], [*stronger, a_ban("old", **DEVICE)])


STORIES: dict[str, Callable[[Path], Platform]] = {
    story.__name__.replace("_", "-"): story
    for story in (
        alerted, account_not_read, ban_not_read, account_banned, allowlisted, ban_over, forgotten,
        other_platform, no_shared_key, too_weak, full_posting, outranked, withheld,
    )
}  # fmt: skip


def why(samehand: Samehand, folder: Path, story: Platform, *asked: str) -> list[dict[str, Any]]:
    events, bans = jsonl(folder / "events.jsonl", *story.events), jsonl(folder / "bans.jsonl", *story.bans)
    ran = samehand(
        *("try", "--events", events, "--bans", bans, "--out", folder / "out", "--json"), "--why", *asked
    )
    assert ran.code == 0, ran.err
    found: list[dict[str, Any]] = ran.figures["why"]
    return found


@for_each("cause", STORIES)
def test_each_cause_is_named(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    story = STORIES[cause](tmp_path)
    banned = "x:old" if cause == "other-platform" else "telegram:old"
    with settings(monkeypatch, **(story.given or {})):
        [one] = why(samehand, tmp_path, story, "telegram:new", banned)
    assert one["cause"].partition(":")[0] == cause
    assert one["why"] == CAUSES[cause] or cause == "too-weak"


def test_a_weak_pair_says_what_holds_it_back_and_what_one_more_fact_would_do(
    samehand: Samehand, tmp_path: Path
) -> None:
    [one] = why(samehand, tmp_path, too_weak(tmp_path), "new")  # neither the ban nor the platform is named
    assert (one["banned"], one["cause"]) == ("telegram:old", "too-weak: household")
    assert "a household explains what agrees" in one["why"]
    assert {"device", "address"} <= set(one["shared_keys"])
    lines = [*one["comparison"]["evidence"], *one["comparison"]["counter_evidence"]]
    assert sum(it["weight"] for it in lines) + one["comparison"]["prior"] == pytest.approx(
        one["comparison"]["log_odds"]
    )
    facts = {it["signal"]: it for it in one["one_more"]}
    assert facts["email"]["band"] == "likely"
    assert facts["email"]["probability"] > one["comparison"]["probability"]
    assert "device" not in facts  # it agrees already


def test_an_account_that_was_there_before_the_ban_is_compared_looking_back(
    samehand: Samehand, tmp_path: Path
) -> None:
    story = Platform([a_sign_up("new", at=NOON - HOUR, **DEVICE)], [a_ban("old", handle="zq", **DEVICE)])
    [one] = why(samehand, tmp_path, story, "telegram:new", "telegram:old")
    assert one["comparison"]["direction"] == "lookback"


def test_what_is_told_holds_no_personal_value(samehand: Samehand, tmp_path: Path) -> None:
    secret: dict[str, Any] = {"email": "zq.hidden@example.org", "phone": "+923001234567", "ip": "39.40.12.77"}
    story = Platform([a_mirror(ip=secret["ip"])], [a_ban("old", **secret)])
    told = str(why(samehand, tmp_path, story, "telegram:new", "telegram:old"))
    assert not [value for value in secret.values() if value in told]
