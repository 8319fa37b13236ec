"""Examples of mappings do what they show, with the command that stands in each."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest

from schemas.mapping.formats import FORMATS
from tests.cli.running import Samehand
from tests.house import ROOT

EXAMPLES = ROOT / "examples"

MAPPED = {
    "debezium": {"remembered": 1, "created": 1, "updated": 1, "banned": 2, "deleted": 1},
    "cloudevents": {"created": 1, "banned": 1, "reinstated": 1},
    "mastodon": {"created": 2, "updated": 1, "banned": 1},
    "discourse": {"created": 2, "updated": 1, "banned": 1},
    "keycloak": {"created": 1, "banned": 1, "deleted": 1},
    "json": {"created": 1, "banned": 1, "reinstated": 1},
    "avro": {"created": 1, "banned": 1},
    "protobuf": {"created": 1, "banned": 1},
}
FAULTS = {
    "debezium": [("missing-field", "$.account.account_id")],
    "json": [("wrong-type", "$.occurred_at")],
}
SILENT = {
    "debezium": {"phone", "payment", "agent", "referrer", "avatar"},
    "mastodon": {"phone", "device", "payment", "agent", "referrer", "avatar", "bio", "mention"},
}
"""Of two: that a telephone number is nowhere is seen, and that suspended accounts lost their bio as well."""


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


def test_no_example_quotes_anybody_in_a_fault(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    folder = EXAMPLES / "json"
    shown = samehand("map", "--mapping", folder / "mappings.toml", "--sample", folder / "sample.jsonl")
    assert "yesterday" not in shown.out + shown.err
    assert "wrong-type at $.occurred_at: the value does not fit the field, from `ts`" in shown.out


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*.jsonl")), ids=lambda path: path.parent.name)
def test_the_people_of_examples_are_made_up(path: Any) -> None:
    text = path.read_text("utf-8")
    assert {json.loads(line) is not None for line in text.splitlines()} == {True}
    assert set(re.findall(r"@([a-z.]+\.[a-z]+)", text)) <= {"example.org"}
    assert set(re.findall(r"\b\d+\.\d+\.\d+\.", text)) - {"203.0.113.", "198.51.100."} <= {"3.3.1."}
