"""The document describes what the addresses answer, by the records themselves."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types

from gate.app import DEADLINE_HEADER
from gate.intake import KINDS
from gate.openapi import document
from gate.scoring import DEADLINE_MS_MAX, DEADLINE_MS_MIN
from tests.gate.conftest import Caller
from tests.makers import a_ban, a_sign_up


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
