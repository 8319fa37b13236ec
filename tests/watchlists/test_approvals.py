"""Who answers for an import: deltas, signatures and the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.accounts import Basis
from tests.tables import for_each
from watchlists.approvals import (
    Delta,
    ImportPlan,
    delta_of,
    digest_of,
    read_records,
    record_of,
    same_person,
    with_lately,
    with_record,
)
from watchlists.changes import Listings, ListingState, compared


def a_plan(**given: Any) -> ImportPlan:
    return ImportPlan(
        digest="d", files=("un.xml",), why="", delta=Delta(1, 1, 1), changes=(), made_at="", **given
    )


@for_each(
    ("delta", "asks"),
    [
        (Delta(None, 0, 0), True),
        (Delta(100, 100, 1, listed=4, changed=2, removed=4), False),
        (Delta(100, 100, 1, listed=4, changed=3, removed=4), True),
        (Delta(0, 0, 0), False),
        (Delta(0, 1, 1, listed=1), True),
        # One listing, however few they are, can bring any number of names.
        (Delta(100, 100, 1, changed=1, names_before=300, names_differ=30), False),
        (Delta(100, 100, 1, changed=1, names_before=300, names_differ=31), True),
        # Small steps add up.
        (Delta(100, 100, 1, changed=1, names_before=9, lately=9), False),
        (Delta(100, 100, 1, changed=1, names_before=9, lately=10), True),
        (Delta(100, 100, 1, names_before=300, names_differ=1, names_lately=30), True),
        (Delta(100, 100, 1, lately=11, names_lately=31), False),
    ],
)
def test_new_list_and_more_than_a_tenth_ask(delta: Delta, asks: bool) -> None:
    assert (delta.why is not None) is asks


@for_each(
    ("one", "other", "same"),
    [
        ("Amina Khan", " amina\u00a0 KHAN ", True),
        ("ﬁlip", "FILIP", True),
        ("Amina", "Amína", True),
        ("Amina", "\u0410mina", True),
        ("Amina", "Am\u200bina\u202e.", True),
        ("Amina", "\u200b", True),
        ("user1", "user2", False),
        ("Amina", "Amina Khan", False),
    ],
)
def test_case_spaces_and_letters_that_look_alike_make_no_second_person(
    one: str, other: str, same: bool
) -> None:
    assert same_person(one, other) is same


@for_each(
    ("plan", "approved"),
    [
        (a_plan(), False),
        (a_plan(importer="A", reason="r"), False),
        (a_plan(importer="A", approver="B"), False),
        (a_plan(importer="A", reason="r", approver="a"), False),
        (a_plan(importer="A", reason="r", approver="B"), True),
    ],
)
def test_plan_is_approved_by_two_people_and_a_reason(plan: ImportPlan, approved: bool) -> None:
    assert plan.approved is approved


def listings(*references: str) -> Listings:
    return {("XX", it): ListingState("XX", it, "Front", {f"watchlist:XX:{it}": "Front"}) for it in references}


def test_delta_counts_names_that_came_and_went() -> None:
    former, now = listings("1", "2", "3"), listings("1", "2", "4")
    now["XX", "1"] = ListingState("XX", "1", "Front", {"watchlist:XX:1": "Front", "watchlist:XX:1b": "Army"})
    delta = delta_of(former, now, compared(former, now, complete=True))
    assert (delta.names, delta.names_before, delta.names_differ) == (4, 3, 3)


def test_unattended_steps_of_a_month_since_the_last_approval_add_up() -> None:
    lines: list[bytes] = []
    for at, importer in (
        ("2026-10-01", ""),
        ("2026-11-01", "Amina"),
        ("2026-11-02", ""),
        ("2026-11-20", ""),
        ("2026-11-21", ""),
    ):
        step = Delta(100, 100, 300, listed=1, changed=1, removed=1, names_before=300, names_differ=4)
        lines = with_record(lines, replace(a_plan(importer=importer), delta=step), at)
    now = with_lately(Delta(100, 100, 300), lines, "2026-11-30")
    assert (now.lately, now.names_lately) == (9, 12)
    assert with_lately(Delta(100, 100, 300), lines, "2026-12-05").lately == 6
    assert with_lately(Delta(None, 100, 300), [], "2026-11-30").lately == 0


def test_digest_names_the_step_and_not_the_order() -> None:
    one = digest_of(listings("1"), listings("1", "2"))
    assert one == digest_of(listings("1"), listings("2", "1"))
    others = [
        digest_of(None, listings("1", "2")),
        digest_of({}, listings("1", "2")),
        digest_of(listings("1", "2"), listings("1")),
        digest_of(listings("1"), listings("1", "3")),
    ]
    assert len({one, *others}) == 5


@given(data=st.data())
def test_record_notices_any_change_but_to_its_last_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("record") / "un.state.imports"
    lines: list[bytes] = []
    for number in range(4):
        lines = with_record(lines, a_plan(importer=f"P{number}"), "2026-11-30")
    path.write_bytes(b"".join(lines))
    assert [record_of(line).importer for line in read_records(path)] == ["P0", "P1", "P2", "P3"]
    place = data.draw(st.integers(0, 2))
    changed = [b"", lines[place].replace(b'"P', b'"Q')]
    lines[place] = data.draw(st.sampled_from(changed))
    path.write_bytes(b"".join(lines))
    with pytest.raises(click.ClickException, match="was changed or is gone"):
        read_records(path)


def test_missing_record_is_an_empty_one(tmp_path: Path) -> None:
    assert read_records(tmp_path / "none") == []


def test_digest_covers_programmes_of_listings_and_how_long_they_are_in_force() -> None:
    step, basis = (listings("1"), listings("1", "2")), Basis(authority="PK", programmes=("Schedule I",))
    digests = [
        digest_of(*step, [basis], days=90),
        digest_of(*step, [Basis(authority="PK", programmes=("Schedule II",))], days=90),
        digest_of(*step, [basis], days=36_500),
        digest_of(*step, [basis], days=90, programmes=["Schedule I"]),
    ]
    assert len(set(digests)) == 4
    assert digests[0] == digest_of(*step, [basis, basis], days=90)
