"""What a tally says of a sample: counts that add up, and signals that take two."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from cli.commands.map import tally as mapping_tally
from cli.commands.map.tally import MappingTally
from schemas.malformed import Malformed
from schemas.mapping.fields import Kind
from schemas.mapping.mapper import Mapped, NotMapped
from schemas.record import Record
from schemas.wire import Decoded
from tests.makers import NOON, a_ban, a_deletion, a_sign_up

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
