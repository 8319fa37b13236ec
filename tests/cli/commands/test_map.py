"""`samehand map`: what a mapping file makes of a sample."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cli.commands import map as mapping_tally
from cli.commands.map import MappingTally
from schemas.malformed import Malformed
from schemas.mapping.fields import Kind
from schemas.mapping.mapper import Mapped, NotMapped
from schemas.record import Record
from schemas.wire import Decoded
from streams.kafka.client import admin, writer
from streams.settings import load
from tests.cli.running import Samehand, settings
from tests.makers import NOON, a_ban, a_deletion, a_sign_up

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
        with writer(load()) as out:
            for number in range(5):
                value = json.dumps({"id": number, "at": AT}).encode()
                out.send(topic, key=b"%d" % number, value=value, headers=[]).get(timeout=60.0)
        first, again = (samehand("map", "--topic", topic, "--json") for _ in range(2))
    assert first.code == 0, first.err
    assert first.figures["mapped"]["created"] == again.figures["mapped"]["created"] == 5


# What a tally says of a sample: counts that add up, and signals that take two.


FAULT = Malformed("missing-field", "$.account.account_id", "required, from `id`")
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


def test_what_maps_what_has_nothing_to_say_and_what_fails_is_all_there_is() -> None:
    made = tally(a_new(handle="umar"))
    made.add("f:2", "t", NotMapped("no-rule"))
    made.add("f:3", "t", FAULT)
    made.add("f:4", "t", FAULT)
    assert (made.records, made.mapped, made.passed.total(), made.dead) == (4, 1, 1, 2)
    assert (made.faults[FAULT], made.first[FAULT]) == (2, "f:3")


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
