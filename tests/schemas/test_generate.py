"""The JSON Schema files: current, valid, and of the same opinion as the decoders."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types, and its stubs are not in the lock
import msgspec
import pytest

from schemas import generate
from schemas.examples import EXAMPLES
from schemas.generate import FOLDER, RECORDS, render
from schemas.wire import encode
from tests.schemas.makers import as_json
from tests.tables import for_each


def validator(topic: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        msgspec.json.decode((FOLDER / f"{topic}.json").read_bytes()),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


@for_each("topic", RECORDS)
def test_the_checked_in_file_is_current(topic: str) -> None:
    assert (FOLDER / f"{topic}.json").read_bytes() == render(topic), "run python -m schemas.generate"


def test_no_file_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{topic}.json" for topic in RECORDS}


def test_generating_writes_every_file(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path / "json")
    generate.main()
    assert {path.name: path.read_bytes() for path in (tmp_path / "json").iterdir()} == {
        f"{topic}.json": render(topic) for topic in RECORDS
    }


@for_each("topic", RECORDS)
def test_a_schema_is_a_schema_and_takes_its_examples(topic: str) -> None:
    judge = validator(topic)
    judge.check_schema(judge.schema)
    for record in EXAMPLES[topic]:
        judge.validate(msgspec.json.decode(encode(record)))
    for example in judge.schema["examples"]:
        judge.validate(example)


@for_each("topic", RECORDS)
def test_every_struct_is_described(topic: str) -> None:
    for name, definition in validator(topic).schema["$defs"].items():
        assert definition["title"] == name
        assert len(definition["description"]) > 20
        assert "Args" not in definition["description"]


@for_each(
    ("field", "value"),
    [
        ("account_id", ""),
        ("account_id", "a\n"),
        ("account_id", "a\x00b"),
        ("handle", "x" * 257),
        ("display_name", 7),
        ("bio", "x" * 10_001),
        ("links", ["x"] * 51),
        ("email_hmac", "A7" * 10),
        ("avatar", {"pdq": "zz", "quality": 1}),
    ],
)
def test_a_schema_refuses_what_the_decoder_refuses(field: str, value: object) -> None:
    event = as_json(EXAMPLES["accounts.created"][0])
    judge = validator("accounts.created")
    assert judge.is_valid(event)
    event["account"][field] = value
    assert not judge.is_valid(event)
