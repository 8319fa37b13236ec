"""The changes between two imports account for every name, and a state reads back as it was written."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.watchlist.entry import Alias, WatchlistEntry
from watchlists import changes
from watchlists.changes import Listings, add, compared, read_state, state_lines

references = st.sampled_from(["1", "2", "3"])
imports = st.lists(
    st.tuples(references, st.sets(st.sampled_from(["Ä Front", "Army\u2028", "جبهة"]))), max_size=5
)


def imported(rows: list[tuple[str, set[str]]]) -> Listings:
    listings: Listings = {}
    for reference, names in rows:
        entry = WatchlistEntry(authority="XX", reference=reference, aliases=(Alias(f"Front {reference}"),))
        add(listings, entry, {f"watchlist:XX:{reference}:{name}": name for name in names})
    return listings


def keys(listings: Listings) -> set[str]:
    return {key for listing in listings.values() for key in listing.names}


@given(before=imports, after=imports, complete=st.booleans())
def test_added_and_removed_names_lead_from_one_import_to_the_next(
    before: list[tuple[str, set[str]]], after: list[tuple[str, set[str]]], complete: bool
) -> None:
    former, now = imported(before), imported(after)
    found = compared(former, now, complete=complete)
    every = [*found.listed, *found.changed, *found.removed, *found.not_found]
    assert {key for it in every for key in it.added} == keys(now) - keys(former)
    assert {key for it in every for key in it.removed} == keys(former) - keys(now)
    assert {it.reference for it in every} >= {at for _, at in former.keys() ^ now.keys()}
    assert not (found.removed if not complete else found.not_found)


@given(rows=imports)
def test_a_state_reads_back(
    rows: list[tuple[str, set[str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "state"
    path.write_bytes(b"".join(state_lines(imported(rows))))
    assert read_state(path) == imported(rows)


def test_a_state_is_bounded_and_a_missing_one_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_state(tmp_path / "none") is None
    (tmp_path / "state").write_bytes(b"".join(state_lines(imported([("1", set()), ("2", set())]))))
    monkeypatch.setattr(changes, "ENTRIES_MAX", 1)
    with pytest.raises(click.ClickException, match="more listings"):
        read_state(tmp_path / "state")
