"""What is wrong with a record or a field, by name."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

import schemas
from schemas import malformed
from schemas.decoding.faults import from_syntax, from_validation
from schemas.malformed import REASONS
from schemas.unusable import FieldFault, Unusable
from tests.tables import for_each

# msgspec's messages become reasons, and none is repeated that may quote a value.


def said(message: str) -> tuple[str, str, str]:
    fault = from_validation(msgspec.ValidationError(message))
    return fault.reason, fault.path, fault.detail


@for_each(
    ("message", "expected"),
    [
        (
            "Expected `str`, got `int` - at `$.a.b[3]`",
            ("wrong-type", "$.a.b[3]", "Expected `str`, got `int`"),
        ),
        ("Expected `object`, got `array`", ("wrong-type", "$", "Expected `object`, got `array`")),
        ("Object missing required field `id` - at `$.a`", ("missing-field", "$.a.id", "required")),
        ("Object missing required field `id`", ("missing-field", "$.id", "required")),
        ("Expected `str` of length <= 5 - at `$.a`", ("too-long", "$.a", "Expected `str` of length <= 5")),
        (
            "Expected `array` of length <= 5 - at `$.a`",
            ("too-many", "$.a", "Expected `array` of length <= 5"),
        ),
    ],
)
def test_a_known_message_becomes_a_reason_a_path_and_a_phrase(
    message: str, expected: tuple[str, str, str]
) -> None:
    assert said(message) == expected


@for_each(
    "message",
    [
        "Invalid enum value 'a-secret' - at `$.band`",
        "Something new about 'a-secret' - at `$.band`",
        "Expected `str`, got `int` and a-secret - at `$.band`",
        "a-secret\nover two lines - at `$.band`",
    ],
)
def test_a_message_that_may_quote_is_never_repeated(message: str) -> None:
    reason, path, detail = said(message)
    assert reason in {"not-allowed", "wrong-type"}
    assert path == "$.band"
    assert "secret" not in detail


@for_each(
    ("raw", "reason"),
    [
        (b'["\\ud83c"]', "lone-surrogate"),
        (b'["\\uD83C cut"]', "lone-surrogate"),
        (b'["\\ud83c"', "not-json"),
        (b'["\\\\ud83c"', "not-json"),
        (b"[" * 100_000 + b'"\\ud83c"', "not-json"),
    ],
)
def test_half_a_surrogate_pair_is_told_apart_from_other_nonsense(raw: bytes, reason: str) -> None:
    assert from_syntax(raw).reason == reason


# The bounded list of reasons.

ROOMS = Path(schemas.__file__).parent.parent
SOURCES = [path for room in ("schemas", "streams", "agents") for path in sorted((ROOMS / room).rglob("*.py"))]


def test_every_reason_is_fit_for_a_metric_label() -> None:
    assert all(re.fullmatch(r"[a-z0-9-]{1,32}", reason) for reason in REASONS)
    assert len(set(REASONS)) == len(REASONS) <= 32


def test_every_reason_is_given_somewhere_and_explained() -> None:
    module = Path(malformed.__file__).read_text()
    explained = set(re.findall(r"^([a-z0-9-]+) +\w", module, re.MULTILINE))
    elsewhere = "".join(path.read_text() for path in SOURCES if path.name != "malformed.py")
    for reason in REASONS:
        assert f'"{reason}"' in elsewhere, reason
        assert reason in explained, reason


# The closed list of what may be wrong with a field.


def test_every_reason_is_fit_for_a_metric_label_and_has_a_sentence_of_its_own() -> None:
    assert all(re.fullmatch(r"[a-z0-9-]{1,32}", reason) for reason in FieldFault)
    assert all(re.fullmatch(r"[A-Z].{10,100}\.", reason.sentence) for reason in FieldFault)
    assert len({reason.sentence for reason in FieldFault}) == len(FieldFault) <= 16


def test_a_reason_travels_as_its_word_and_is_read_back() -> None:
    given = Unusable("ip", FieldFault.UNREADABLE)
    assert msgspec.json.encode(given) == b'{"field":"ip","reason":"unreadable"}'
    assert msgspec.json.decode(msgspec.json.encode(given), type=Unusable) == given
