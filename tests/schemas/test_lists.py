"""Several values of one kind: as a list, with dates, in a single field; what cannot be used is counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from schemas import wire
from schemas.accounts import DatedValue
from schemas.fields import SESSIONS_MAX, VALUES_MAX
from schemas.mapping.csvrows import created_from_csv
from tests.schemas.makers import NOW, a_ban, a_created, left_out, record_of
from tests.tables import for_each

SEEN = "2026-02-{:02}T09:30:00Z"
MANY = [{"value": f"device-{day}", "last_seen_at": SEEN.format(day)} for day in range(1, 21)]
DATED = DatedValue(value="a@example.org", last_seen_at=datetime(2026, 2, 1, 9, 30, tzinfo=UTC))


@for_each(
    ("given", "field", "kept", "faults"),
    [
        ({"device_id": "d", "device_ids": ["e", "f"]}, "device_ids", ("e", "f"), ()),
        ({"device_id": ["d", "e"]}, "device_ids", ("d", "e"), ()),
        ({"ip": ["203.0.113.4"], "ips": ["203.0.113.5"]}, "ips", ("203.0.113.4", "203.0.113.5"), ()),
        ({"emails": [{"value": "a@example.org", "last_seen_at": SEEN.format(1)}]}, "emails", (DATED,), ()),
        (
            {"emails": [{"value": "a@example.org", "last_seen_at": "soon"}, 7, {}, "b@example.org"]},
            "emails",
            (DatedValue(value="a@example.org"), "b@example.org"),
            (("emails", "bad-date"), ("emails", "wrong-type"), ("emails", "incomplete")),
        ),
        ({"phones": "+12025550143"}, "phones", (), (("phones", "wrong-type"),)),
        ({"phones": ["1\n2", "x" * 400]}, "phones", (), (("phones", "bad-format"), ("phones", "too-long"))),
        ({"payment_tokens": ["t"] * 17}, "payment_tokens", ("t",) * 16, (("payment_tokens", "too-many"),)),
    ],
)
def test_list_is_read_as_far_as_it_can_be_used(
    given: dict[str, Any], field: str, kept: tuple[Any, ...], faults: tuple[Any, ...]
) -> None:
    outcome = wire.decode_created(a_created(**given), now=NOW)
    account = record_of(outcome).account
    assert getattr(account, field) == kept
    assert left_out(outcome) == faults
    assert "example.org" not in repr(account)


def test_of_more_than_sixteen_values_the_latest_are_kept() -> None:
    outcome = wire.decode_created(a_created(device_ids=["undated", *MANY]), now=NOW)
    devices = [item.value for item in record_of(outcome).account.device_ids]
    assert devices == [f"device-{day}" for day in range(20, 20 - VALUES_MAX, -1)]
    assert left_out(outcome) == (("device_ids", "too-many"),)


def test_of_more_sessions_than_the_limit_the_latest_are_kept() -> None:
    sessions = [{"device_id": "old", "seen_at": SEEN.format(1)}] * SESSIONS_MAX
    latest = {"device_id": "new", "ip": "203.0.113.4", "seen_at": SEEN.format(2)}
    outcome = wire.decode_banned(a_ban(sessions=[*sessions, latest]), now=NOW)
    kept = record_of(outcome).sessions
    assert (len(kept), kept[0].device_id, "203.0.113.4" in repr(kept)) == (SESSIONS_MAX, "new", False)
    assert left_out(outcome) == (("sessions", "too-many"),)


def test_semicolons_separate_the_values_of_a_cell() -> None:
    (row,) = created_from_csv([b"account_id,emails,ips\n", b"7,a@b.org; c@d.org,-\n"], now=NOW, platform="x")
    account = record_of(row.outcome).account
    assert (account.emails, account.ips) == (("a@b.org", "c@d.org"), ())
