"""What the gate says of itself, in its document and its figures."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from prometheus_client import CollectorRegistry
from schemathesis import GenerationMode

from gate.app import DEADLINE_HEADER, application
from gate.intake import KINDS
from gate.keys import new_key
from gate.metrics import GateMetrics
from gate.openapi import document
from gate.scoring import DEADLINE_MS_MAX, DEADLINE_MS_MIN
from tests.gate.conftest import Broker, Caller, MakeLife, a_gate
from tests.made_up_calls import hold_to_its_document
from tests.makers import a_ban, a_sign_up

# The document describes what the addresses answer, by the records themselves.


def described() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(document())
    return told


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if "$ref" in node else set()
        return own.union(*(references(it) for it in node.values()))
    return set().union(*(references(it) for it in node)) if isinstance(node, list) else set()


def test_every_reference_leads_somewhere() -> None:
    told = described()
    known = {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}
    assert references(told) <= known


def test_it_says_that_a_match_is_no_verdict() -> None:
    told = described()
    assert told["openapi"].startswith("3.1")
    assert "never refusal" in told["info"]["description"]
    assert "must still be published" in told["info"]["description"]


def test_it_names_every_kind_and_the_bounds_of_a_deadline() -> None:
    paths = described()["paths"]
    (kind,) = paths["/v1/events/{kind}"]["post"]["parameters"]
    assert kind["schema"]["enum"] == list(KINDS)
    (deadline,) = paths["/v1/score"]["post"]["parameters"]
    assert deadline["name"].lower() == DEADLINE_HEADER
    assert (deadline["schema"]["minimum"], deadline["schema"]["maximum"]) == (
        DEADLINE_MS_MIN,
        DEADLINE_MS_MAX,
    )


async def test_an_answer_is_what_it_says(caller: Caller) -> None:
    device = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
    await caller.life.ban(a_ban("77", handle="umar_media", device_id=device))
    told = await caller.score(a_sign_up("99", handle="umar_media", device_id=device), "score", "alerts")
    assert told["alerts"]
    schema = {"$ref": "#/components/schemas/Score", "components": described()["components"]}
    Draft202012Validator(schema).validate(told)


async def test_anybody_may_read_it(caller: Caller) -> None:
    answer = await caller.client.get("/openapi.json")
    assert answer.content == document()


# The gate's metrics are there from the start, so that a rate sees the step from 0 to 1.


def test_every_label_that_is_known_has_its_series() -> None:
    registry = CollectorRegistry()
    GateMetrics(registry, lambda: 7)
    for name, labels in (
        ("samehand_gate_outcomes_total", {"outcome": "undecided", "reason": "deadline"}),
        ("samehand_gate_outcomes_total", {"outcome": "match", "reason": ""}),
        ("samehand_gate_calls_total", {"route": "score", "status": "5xx"}),
        ("samehand_gate_refused_total", {"reason": "rate"}),
        ("samehand_gate_records_total", {"outcome": "accepted"}),
        ("samehand_gate_seconds_count", {"route": "alerts"}),
    ):
        assert registry.get_sample_value(name, labels) == 0
    assert registry.get_sample_value("samehand_gate_variations_total") == 7


# Whatever the document allows, and what it does not, is answered as it says: schemathesis makes up calls.

CALLS = 10
"""Of each address and mode: enough to meet every branch, within a minute in all."""


@pytest.fixture
def api(tmp_path: Path, make_life: MakeLife) -> Any:
    """What a gate says of itself, with a key that may do everything."""
    keys = tmp_path / "keys.json"
    key = new_key(keys, "all", frozenset({"score", "alerts", "events", "verdicts"}), 1e6, datetime.now(UTC))
    app: Any = application(a_gate(make_life(), keys, Broker()))
    schema: Any = schemathesis.openapi.from_asgi("/openapi.json", app)
    schema.config.update(headers={"Authorization": f"Bearer {key}"})
    return schema


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_what_the_document_says(api: Any, mode: GenerationMode) -> None:
    hold_to_its_document(api, mode, calls=CALLS)
