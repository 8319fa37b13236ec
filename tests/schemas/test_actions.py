"""What a platform did: an unusable field costs itself, unless a person would read something false."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.examples import ACTIONED
from schemas.malformed import Malformed
from schemas.unusable import FieldFault, Unusable
from schemas.wire import decode_actioned, encode
from tests.schemas.makers import NOW
from tests.tables import for_each


def read(**given: Any) -> Any:
    message = {**msgspec.json.decode(encode(ACTIONED)), **given}
    return decode_actioned(msgspec.json.encode(message), now=NOW)


@for_each(
    ("field", "value", "fault"),
    [
        ("ground", "whim", FieldFault.BAD_FORMAT),
        ("source", 7, FieldFault.WRONG_TYPE),
        ("automated_decision", True, FieldFault.WRONG_TYPE),
        ("alert_id", "a" * 129, FieldFault.TOO_LONG),
        ("decided_by", "r\n", FieldFault.BAD_FORMAT),
        ("actioned_at", "2096-01-01T00:00:00Z", FieldFault.FUTURE_DATE),
    ],
)
def test_unusable_field_is_left_out_and_named(field: str, value: object, fault: FieldFault) -> None:
    found = read(**{field: value})
    assert (getattr(found.record, field), found.unusable) == (None, (Unusable(field, fault),))


@for_each(
    ("field", "value"),
    [("action", "hidden"), ("until", "soon"), ("territory", ["PK", "Moon"]), ("territory", "PK")],
)
def test_unusable_action_end_or_territory_refuses_the_record(field: str, value: object) -> None:
    found = read(**{field: value})
    assert isinstance(found, Malformed)
    assert found.path == f"$.{field}"


def test_long_clause_is_cut_and_missing_id_is_made_of_the_moment() -> None:
    message = msgspec.json.decode(encode(ACTIONED))
    del message["event_id"]
    found = decode_actioned(msgspec.json.encode({**message, "clause": "§" * 501}), now=NOW)
    assert not isinstance(found, Malformed)
    assert (len(found.record.clause or ""), found.record.event_id[:8]) == (500, "unnamed-")


@for_each(
    ("occurred_at", "actioned_at", "until", "refused"),
    [
        ("2026-11-20T10:00:00Z", None, "2026-11-20T09:59:59Z", True),
        ("2026-11-20T10:00:00Z", None, "2026-11-20T10:00:00Z", False),
        ("2026-11-20T10:00:00Z", "2026-11-19T10:00:00Z", "2026-11-20T09:00:00Z", False),
        ("2026-11-20T10:00:00Z", "2026-11-19T10:00:00Z", "2026-11-18T09:00:00Z", True),
    ],
)
def test_action_that_ends_before_it_takes_effect_is_refused(
    occurred_at: str, actioned_at: str | None, until: str, refused: bool
) -> None:
    found = read(occurred_at=occurred_at, actioned_at=actioned_at, until=until)
    assert isinstance(found, Malformed) == refused, found
    if refused:
        assert (found.reason, found.path) == ("contradiction", "$.until")
