"""A dry run's figures and stores."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from agents.common.context import AlertPolicy
from cli.commands.dry_run import stores
from cli.commands.dry_run.replay import Replay, secret_of
from cli.commands.dry_run.sources import Gathered, SourceEvent, of_files
from cli.exit_codes import NotDone
from cli.inputs.event_files import EventFiles
from cli.inputs.truths import AccountPair
from cli.offline.known_pairs import alerted_pairs
from cli.offline.pair_diagnosis import Watch
from local.binaries import NotAvailable
from samehand.scoring.weights import default_weights
from streams.kafka.topics import Names
from streams.settings import load
from tests.cli.commands.dry_run.makers import PERSON, a_platform, strangers
from tests.cli.running import Samehand, jsonl
from tests.house import ROOT
from tests.makers import NOON, a_ban, a_sign_up
from tests.tables import for_each

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
    del table["signals"]["device"]["levels"]["same"]["u_of_bans"]
    for row in table["signals"]["device"]["levels"].values():
        row["m"], row["u"] = 0.5, 0.5
    table["version"], table["mirror_rate"] = "deaf to devices", 1e-25
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
    assert compared["by_script"] == {"latin": {"both": 0, "only_a": 1, "only_b": 0}}
    assert compared["by_language"] == {"ur": {"both": 0, "only_a": 1, "only_b": 0}}
    [lost] = compared["best_only_a"]
    assert lost["alert"]["account_id"] == "mirror"
    assert {"device"} <= {row["signal"] for row in lost["rows"]}
    assert "deaf to devices" in (tmp_path / "out" / "report.html").read_text("utf-8")
    line = ("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--weights", other)
    assert samehand(*line, "--allow", 1).code == 0
    beyond = samehand(*line, "--allow", 0)
    assert (beyond.code, beyond.err.splitlines()[-1]) == (
        1,
        "1 pair alerted under one side only; --allow 0",
    )
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
    assert {it["cause"]: it["pairs"] for it in known["missed"]} == {
        "account-not-read": 1,
        "no-shared-key": 1,
    }
    shown = samehand(*line, "--truth", tmp_path / "known.csv")
    assert "Beside them 1 likely, 0 possible on 1 account that you banned later yourselves." in " ".join(
        shown.out.split()
    )
    assert "1 missed, no-shared-key: " in shown.out
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "The 3 pairs that you know" in page
    scored = samehand(
        *("score", "--bans", listed, "--accounts", events, "--truth", tmp_path / "known.csv", "--json")
    )
    assert scored.figures["known"]["missed"] == known["missed"]


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
