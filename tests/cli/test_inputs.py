"""Files and topics that commands read: every line a record, or a fault with its address."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest

from cli.evaluate import map as mapping_tally
from cli.evaluate.map import MappingTally
from cli.inputs import input_source
from cli.inputs.foreign_records import of_file, of_kcat, of_topic
from cli.inputs.input_errors import TOLD_MAX, tell_faults
from cli.inputs.input_files import ACCOUNTS, InputLine, odd, read_accounts, size
from cli.inputs.input_source import STDIN, opened, read_bytes, shown_path, size_bytes
from cli.inputs.row_ids import ROW_OF_ACCOUNTS, ROW_OF_BANS, by_number
from cli.inputs.truths import read_truth
from report.accuracy import AccountPair
from samehand.alert_id import alert_id
from schemas.accounts import AccountCreated
from schemas.alerts import Matched
from schemas.malformed import Malformed
from schemas.mapping.fields import Kind
from schemas.mapping.mapper import Mapped
from schemas.record import Record
from schemas.wire import MESSAGE_BYTES_MAX, Decoded, encode
from streams.errors import TopicsError
from streams.kafka.client import admin, writer
from streams.outcomes import Arrival
from streams.settings import load
from tests.cli.running import Ran, Samehand, jsonl, publish, settings
from tests.desk.makers import an_alert
from tests.makers import NOON, a_ban, a_deletion, a_sign_up

# Files of accounts and bans: every line a record, or a fault with its address.


NOW = NOON.timestamp() + 3_600


def accounts(path: Path) -> list[InputLine[AccountCreated]]:
    return list(read_accounts(path, now=NOW, platform="x"))


def faults(lines: Iterable[InputLine[AccountCreated]]) -> list[tuple[str, str]]:
    return [(it.address, it.outcome.reason) for it in lines if isinstance(it.outcome, Malformed)]


def test_a_bad_line_has_its_address_and_the_next_one_is_read(tmp_path: Path) -> None:
    sign_up = a_sign_up(handle="umar")
    path = jsonl(tmp_path / "a.jsonl", sign_up, b"{", b"", sign_up)
    lines = accounts(path)
    assert faults(lines) == [(f"{path}:2", "not-json")]
    assert [it.outcome for it in lines if not isinstance(it.outcome, Malformed)] == [sign_up, sign_up]


def test_a_line_too_long_for_a_record_is_one_fault_and_not_memory(tmp_path: Path) -> None:
    sign_up = a_sign_up()
    path = jsonl(tmp_path / "a.jsonl", b"x" * (3 * MESSAGE_BYTES_MAX), sign_up)
    lines = accounts(path)
    assert faults(lines) == [(f"{path}:1", "too-large")]
    assert lines[1].address == f"{path}:2"
    assert lines[1].outcome == sign_up


def test_a_row_says_whether_it_has_a_name_and_a_date(tmp_path: Path) -> None:
    nameless, named = tmp_path / "n.csv", tmp_path / "m.csv"
    nameless.write_text("display_name\nUmar\n")
    named.write_text("\ufeffaccount_id,handle,occurred_at\n7,umar,2026-11-24T12:00:00Z\n", "utf-8")
    (row,) = accounts(nameless)
    assert (row.named, row.dated) == (False, False)
    (row,) = accounts(named)
    assert (row.named, row.dated) == (True, True)
    assert isinstance(row.outcome, AccountCreated)
    assert row.outcome.key == "x:7"


def test_a_bad_row_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("account_id,handle\n1,a\n2\n3,c\n")
    assert faults(accounts(path)) == [(f"{path}:row 2", "bad-row")]


@pytest.mark.parametrize("as_csv", [True, False])
def test_a_file_without_a_telling_name_is_known_by_its_beginning(tmp_path: Path, as_csv: bool) -> None:
    path = tmp_path / "export"
    path.write_bytes(b"account_id,handle\nnew,u\n" if as_csv else encode(a_sign_up("new", platform="x")))
    (line,) = accounts(path)
    assert isinstance(line.outcome, AccountCreated)
    assert line.outcome.key == "x:new"


def test_it_tells_how_far_it_has_read(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", a_sign_up(), a_sign_up())
    heard: list[int] = []
    list(read_accounts(path, now=NOW, platform="x", hear=heard.append))
    assert heard[-1] == size([path]) == path.stat().st_size


def oddities(path: Path) -> list[str]:
    return [it.removeprefix(f"{path}: ") for it in odd(path, ACCOUNTS)]


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf\n"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_an_empty_file_is_odd(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert oddities(tmp_path / name) == ["holds no records"]


def test_names_of_columns_without_rows_are_odd(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("handle,email\n\n")
    assert oddities(tmp_path / "a.csv") == ["holds no records"]


def test_columns_that_are_not_read_are_named_with_what_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("account_id;Handle;e_mail;family;banned_at\n7;u;a@b.org;3;\n")
    (told,) = oddities(path)
    assert told == (
        "4 columns not read: Handle (did you mean handle?), e_mail (did you mean email?), family, banned_at"
    )


def test_a_flood_of_columns_is_cut_and_harmless(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("handle," + ",".join(f"\x1b[31m{number}" for number in range(200)) + "\n" + "," * 200)
    (told,) = oddities(path)
    assert "\x1b" not in told
    assert told.endswith(" and 190 more")


def test_a_file_in_order_is_not_odd(tmp_path: Path) -> None:
    assert oddities(jsonl(tmp_path / "a.jsonl", a_sign_up())) == []
    (tmp_path / "a.csv").write_text("handle\numar\n")
    assert oddities(tmp_path / "a.csv") == []


# Whatever a command reads from can be read again, and is gone with the command.


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one\ntwo\n")))


def test_standard_input_is_read_as_often_as_a_command_likes(stdin: None) -> None:
    with click.Context(click.Command("score")):
        with opened(STDIN) as file:
            assert file.readline() == b"one\n"
        assert read_bytes(STDIN) == read_bytes(STDIN) == b"one\ntwo\n"
        assert size_bytes(STDIN) == 8


def test_so_is_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"one\n",))
    writer.start()
    with click.Context(click.Command("score")):
        assert read_bytes(pipe) == read_bytes(pipe) == b"one\n"
    writer.join()


def test_the_copy_has_no_name_and_ends_with_the_command(stdin: None) -> None:
    with click.Context(click.Command("score")) as context:
        read_bytes(STDIN)
        (copy,) = context.meta[input_source._KEPT].values()
        assert not copy.closed
        assert os.fstat(copy.fileno()).st_nlink == 0
    assert copy.closed


def test_what_never_ends_does_not_fill_the_disk(stdin: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_source, "KEPT_BYTES_MAX", 7)
    with click.Context(click.Command("score")), pytest.raises(click.ClickException, match="use a file"):
        read_bytes(STDIN)


def test_a_fault_names_the_file_and_a_closed_input_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(click.ClickException, match="gone: No such file"):
        read_bytes(tmp_path / "gone")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(click.ClickException, match="standard input is closed"):
        read_bytes(STDIN)
    assert shown_path(STDIN) == "standard input"
    assert shown_path(Path("a\x1b[31m\n.csv")) == "a<U+001B>[31m<U+000A>.csv"


# Tables of the truth, good and bad.


HEAD = "platform,account_id,banned_platform,banned_account_id"


def a_table(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_each_row_is_a_true_pair(tmp_path: Path) -> None:
    assert read_truth(a_table(tmp_path, HEAD, "x,1,telegram,2")) == {AccountPair("x:1", "telegram:2")}
    bare = a_table(tmp_path, "account_id;banned_account_id", "1;2")  # the run knows the platforms
    assert read_truth(bare) == {AccountPair("1", "2")}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((HEAD, "x,1"), "row 1: has too few columns"),
        (("platform,account_id", "x,1"), "lacks the column banned_account_id"),
        ((HEAD,), "holds no pair"),
    ],
)
def test_a_bad_table_is_told_with_its_row(tmp_path: Path, lines: tuple[str, ...], told: str) -> None:
    with pytest.raises(click.ClickException, match=told):
        read_truth(a_table(tmp_path, *lines))


# What is odd about files is told; with `--strict` nothing begins.


@pytest.fixture
def odd_files(tmp_path: Path) -> tuple[object, ...]:
    (tmp_path / "bans.csv").write_text("account_id,handle,mail\n1,umar,a@b.org\n")
    return "--bans", tmp_path / "bans.csv", "--accounts", jsonl(tmp_path / "a.jsonl", a_sign_up())


def test_a_warning_is_one_line_and_the_work_is_done(
    samehand: Samehand, odd_files: tuple[object, ...]
) -> None:
    ran = samehand("score", *odd_files, "--json")
    assert (ran.code, ran.figures["accounts"]) == (0, 1)
    assert ran.err == f"warning: {odd_files[1]}: 1 column not read: mail (did you mean email?)\n"


def test_strict_makes_it_a_fault_before_anything_is_done(
    samehand: Samehand, odd_files: tuple[object, ...], tmp_path: Path
) -> None:
    ran = samehand("score", *odd_files, "--strict", "--out", tmp_path / "out.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == "samehand: --strict: 1 warning, so nothing was done"
    assert not (tmp_path / "out.jsonl").exists()
    empty = jsonl(tmp_path / "empty.jsonl")
    assert samehand("score", *odd_files[:2], "--accounts", empty, "--strict").code == 2


@pytest.mark.journey
def test_strict_publishes_nothing_of_the_files_that_are_in_order(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    (tmp_path / "good.csv").write_text("account_id,handle\n1,umar\n")
    (tmp_path / "empty.csv").write_text("")
    ran = samehand("enrol", tmp_path / "good.csv", tmp_path / "empty.csv", "--strict")
    assert (ran.code, ran.out) == (2, "")
    assert f"warning: {tmp_path / 'empty.csv'}: holds no records" in ran.err
    assert samehand("enrol", tmp_path / "good.csv", "--strict").code == 0


# Bad lines are told with their address, and a flood of them is cut.


def test_a_flood_is_cut_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    tell_faults([(f"f:{line}", Malformed("not-json")) for line in range(TOLD_MAX + 7)])
    err = capsys.readouterr().err.splitlines()
    assert len(err) == TOLD_MAX + 1
    assert err[-1] == "… and 7 more bad lines"


# Row 5 of one file is not row 5 of another, and both are called 5 in the end.


def test_an_alert_names_rows_by_their_numbers() -> None:
    alert = an_alert(
        account_id=f"{ROW_OF_ACCOUNTS}5",
        matched=Matched(platform="x", account_id=f"{ROW_OF_BANS}5", root_id=f"x:{ROW_OF_BANS}5"),
    )
    shown = by_number(alert)
    assert (shown.key, shown.matched.key, shown.matched.root_id) == ("x:5", "x:5", "x:5")
    assert shown.alert_id == alert_id("x:5", "x:5")
    assert shown.log_odds == alert.log_odds


# What means nothing in a file is told, by field and reason, and never quoted.


def test_an_address_and_a_number_that_are_none_are_counted(samehand: Samehand, tmp_path: Path) -> None:
    bans = jsonl(tmp_path / "bans.jsonl", a_ban(handle="umar", phone="0301 234"), a_ban(handle="b"))
    (tmp_path / "a.csv").write_text("account_id,handle,ip\n1,umar,nope\n2,b,nope\n")
    line = ("score", "--bans", bans, "--accounts", tmp_path / "a.csv")
    ran = samehand(*line)
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "ip: unreadable in 2 records, such as xxxx. One address a field: of a list such as X-Forwarded-For "
        "the first",
        "phone: unreadable in 1 record, such as 0••• •••. Phones need + and the country code, or a region: "
        "--region PK",
    ]
    rows = samehand(*line, "--json").figures["fields_unusable"]
    assert [(row["field"], row["reason"], row["records"]) for row in rows] == [
        ("ip", "unreadable", 2),
        ("phone", "unreadable", 1),
    ]


@pytest.mark.journey
def test_so_they_are_where_a_file_is_published_or_remembered(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    counted = [("email", 1, "xxxxxx")]

    def told(ran: Ran) -> list[tuple[str, int, str]]:
        return [(row["field"], row["records"], row["example"]) for row in ran.figures["fields_unusable"]]

    bans = jsonl(tmp_path / "bans.jsonl", a_ban(handle="umar", email="nobody"))
    assert told(samehand("enrol", bans, "--json")) == counted
    accounts = jsonl(tmp_path / "accounts.jsonl", a_sign_up(handle="umar", email="nobody"))
    assert told(samehand("remember", accounts, "--json")) == counted


# A sample comes with what its command prints: values alone, or keys and headers as well.


def heard(done: int) -> None:
    """Nobody listens."""


def envelope(**more: Any) -> dict[str, Any]:
    told = {"topic": "users", "partition": 1, "offset": 7, "ts": 1_500, "key": "k", "payload": '{"a": 1}'}
    return {**told, "headers": ["h", "v", "n", None], **more}


def a_sample(tmp_path: Path, *lines: Any) -> Path:
    path = tmp_path / "sample.jsonl"
    path.write_text("\n".join(it if isinstance(it, str) else json.dumps(it) for it in lines) + "\n")
    return path


def test_a_line_of_a_file_is_a_value_with_its_address(tmp_path: Path) -> None:
    path = a_sample(tmp_path, '{"a": 1}', "", "{")
    found = list(of_file(path, "users", hear=heard))
    assert [(address, it.topic, it.value) for address, it in found] == [
        (f"{path}:1", "users", b'{"a": 1}'),
        (f"{path}:3", "users", b"{"),
    ]


def test_a_line_of_kcat_is_a_whole_record(tmp_path: Path) -> None:
    [(_, found)] = of_kcat(a_sample(tmp_path, envelope()), "other", hear=heard)
    assert found == Arrival("users", 1, 7, b"k", b'{"a": 1}', (("h", b"v"), ("n", b"")), 1.5)
    [(_, tombstone)] = of_kcat(a_sample(tmp_path, envelope(payload=None, topic=None)), "other", hear=heard)
    assert (tombstone.value, tombstone.topic) == (None, "other")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "5",
        {"partition": 0, "offset": 1},
        envelope(headers=["h"]),
        envelope(key=7),
        envelope(ts="x"),
    ],
)
def test_what_kcat_never_prints_is_named_by_its_line(tmp_path: Path, line: Any) -> None:
    with pytest.raises(click.ClickException, match=r"sample.jsonl:1: is no record of `kcat -J`"):
        list(of_kcat(a_sample(tmp_path, line), "users", hear=heard))


def test_of_a_topic_the_newest_are_read(broker: str, topic_prefix: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker})
    topic = f"{topic_prefix}foreign"
    with admin(settings) as client:
        client.create_topics(
            {topic: {"num_partitions": 1, "replication_factor": 1, "configs": {}}}, raise_errors=True
        )
    with writer(settings) as out:
        for number in range(10):
            out.send(topic, key=None, value=b"%d" % number, headers=[]).get(timeout=60.0)
    found = [(address, it.value) for address, it in of_topic(settings, topic, 3)]
    assert found == [(f"{topic}:0:{n}", b"%d" % n) for n in (7, 8, 9)]
    assert len(list(of_topic(settings, topic, 1_000))) == 10


def test_a_topic_that_is_not_there_is_named(broker: str, topic_prefix: str) -> None:
    with pytest.raises(TopicsError, match="there is no topic"):
        list(of_topic(load({"SAMEHAND_KAFKA_BROKERS": broker}), f"{topic_prefix}nowhere", 3))


# A dry run over a sample: what maps, what fails and where, and what is wrong with the table itself.


MAPPING = """
[topics.users]
format = "json"
constants = { platform = "shop" }
fields = { account_id = "id", occurred_at = "at", handle = "name" }
[[topics.users.rules]]
as = "created"
"""
AT = "2026-03-01T09:30:00Z"


def table(tmp_path: Path, text: str = MAPPING) -> Path:
    path = tmp_path / "mappings.toml"
    path.write_text(text)
    return path


def sample(tmp_path: Path, *values: Any) -> Path:
    path = tmp_path / "sample.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def test_figures_and_words_say_the_same(samehand: Samehand, tmp_path: Path) -> None:
    values = [{"id": 1, "at": AT, "name": "umar"}, {"id": 2, "at": AT, "name": 5}, {"at": AT}]
    line = ("map", "--mapping", table(tmp_path), "--sample", sample(tmp_path, *values))
    figures, shown = samehand(*line, "--json"), samehand(*line)
    assert (figures.code, shown.code) == (0, 0)
    assert figures.figures["mapped"]["created"] == 2
    assert (figures.figures["records"], figures.figures["dead"]) == (3, 1)
    assert "3 records: 2 map, 0 have nothing to say, 1 would be dead letters." in shown.out
    assert "1 × missing-field at $.account.account_id: required, from `id`." in shown.out
    assert "Signals that would be silent: name, email, phone" in shown.out


def test_every_fault_of_the_table_is_told_by_line(samehand: Samehand, tmp_path: Path) -> None:
    broken = MAPPING.replace('"created"', '"made"').replace('"json"', '"jsn"')
    ran = samehand("map", "--mapping", table(tmp_path, broken), "--sample", sample(tmp_path, {}))
    assert ran.code == 2
    assert "mappings.toml: line 3: topics.users.format: must be one of json" in ran.err
    assert "cannot be used: 1 fault" in ran.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--sample", "SAMPLE"], "say which topic the sample is of (--topic): users, hooks"),
        (["--sample", "SAMPLE", "--topic", "userz"], "userz is not mapped; there are users, hooks"),
        (["--topic", "userz"], "userz is not mapped"),
        ([], "give --sample FILE, or --topic NAME"),
        (["--kcat", "--topic", "users"], "give --sample FILE"),
    ],
)
def test_what_is_asked_must_be_clear(samehand: Samehand, tmp_path: Path, words: list[str], why: str) -> None:
    two = MAPPING + "\n[topics.hooks]\nformat = 'mastodon'\nconstants.platform = 'm'\n"
    given = [str(sample(tmp_path, {})) if word == "SAMPLE" else word for word in words]
    ran = samehand("map", "--mapping", table(tmp_path, two), *given)
    assert ran.code == 2
    assert why in ran.err


@pytest.mark.parametrize(
    ("values", "why"), [([{}], "sample.jsonl: nothing maps"), ([], "sample.jsonl: holds no records")]
)
def test_a_sample_of_which_nothing_maps_is_no_success(
    samehand: Samehand, tmp_path: Path, values: list[Any], why: str
) -> None:
    ran = samehand("map", "--mapping", table(tmp_path), "--sample", sample(tmp_path, *values))
    assert ran.code == 2
    assert why in ran.err


def test_a_record_of_another_topic_is_named(samehand: Samehand, tmp_path: Path) -> None:
    told = {"topic": "orders", "partition": 0, "offset": 1, "payload": "{}"}
    ran = samehand("map", "--mapping", table(tmp_path), "--kcat", "--sample", sample(tmp_path, told))
    assert ran.code == 2
    assert "sample.jsonl:1: its topic, orders, is not mapped" in ran.err


def test_a_topic_is_read_without_moving_any_offset(
    samehand: Samehand, tmp_path: Path, broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = f"{topic_prefix}users"
    path = table(tmp_path, MAPPING.replace("topics.users", f'topics."{topic}"'))
    with settings(monkeypatch, kafka_brokers=broker, mappings=path, kafka_group=f"{topic_prefix}group"):
        with admin(load()) as client:
            order = {"num_partitions": 2, "replication_factor": 1, "configs": {}}
            client.create_topics({topic: order}, raise_errors=True)
        for number in range(5):
            publish(topic, json.dumps({"id": number, "at": AT}).encode(), key=b"%d" % number)
        first, again = (samehand("map", "--topic", topic, "--json") for _ in range(2))
    assert first.code == 0, first.err
    assert first.figures["mapped"]["created"] == again.figures["mapped"]["created"] == 5


# What a tally says of a sample: counts that add up, and signals that take two.


DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


def tally(*records: tuple[Kind, Record]) -> MappingTally:
    made = MappingTally()
    for number, (kind, record) in enumerate(records):
        made.add(f"f:{number}", "t", Mapped(kind, Decoded(record), rule=1))
    return made


def a_banned(banned_at: datetime | None = NOON, **profile: Any) -> tuple[Kind, Record]:
    return "banned", a_ban(banned_at=banned_at, **profile)


def a_new(**profile: Any) -> tuple[Kind, Record]:
    return "created", a_sign_up(**profile)


def test_a_signal_speaks_where_a_banned_and_another_account_have_it() -> None:
    both = tally(a_banned(device_id=DEVICE, handle="umar"), a_new(device_id=DEVICE, handle="umar_2"))
    assert not {"device", "handle", "timing"} & set(both.silent)
    one = tally(a_banned(handle="umar"), a_new(device_id=DEVICE, handle="umar_2"))
    assert "device" in one.silent
    assert "handle" not in one.silent


def test_a_sample_of_sign_ups_alone_is_judged_by_these() -> None:
    assert "device" not in tally(a_new(device_id=DEVICE)).silent


def test_a_value_that_means_nothing_leaves_its_signal_silent() -> None:
    assert "network" in tally(a_new(ip="nope")).silent
    assert "network" not in tally(a_new(ip="203.0.113.24")).silent


def test_without_a_moment_of_the_ban_timing_is_silent() -> None:
    assert "timing" in tally(a_banned(banned_at=None)).silent
    assert "timing" not in tally(a_banned()).silent


def test_a_deletion_says_nothing_of_signals() -> None:
    assert tally(("deleted", a_deletion("1"))).silent == []


def test_fields_that_no_record_of_a_kind_filled_are_empty() -> None:
    made = tally(a_new(handle="umar"), a_new(bio=""))
    assert "handle" not in made.empty("created")
    assert {"bio", "email", "avatar_pdq"} <= set(made.empty("created"))


def test_faults_of_ever_other_kinds_are_counted_and_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping_tally, "FAULTS_MAX", 3)
    made = MappingTally()
    for number in range(10):
        made.add(f"f:{number}", "t", Malformed("bad-date", f"$.f{number}"))
    assert (made.dead, len(made.faults), len(made.first)) == (10, 3, 3)
