"""A plain list reads back what was written, and bad rows are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.watchlist.entry import Alias
from schemas.malformed import Malformed
from tests.watchlists.makers import (
    PLAIN_CSV,
    entries,
    faults,
    front_and_person,
    lines,
    names,
)
from watchlists import plain
from watchlists.rows import an_entry, tidy


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["bare", "byte order mark"])
def test_plain_csv_splits_aliases(mark: bytes) -> None:
    front, person = front_and_person(entries(plain.read_csv(lines(mark + PLAIN_CSV), authority="PK")))
    assert list(names(front)) == [
        "Northern Valley Liberation Front",
        "Valley Brigades of the North",
        "NVLF",
        "جبهة تحرير الوادي",
    ]
    assert (front.authority, front.programmes, front.listed_on) == ("PK", ("Schedule I",), "2019-05-01")
    assert person.name == "Somebody Example"


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("reference,title\n1,A", ("line of names", "missing-field")),
        ("reference,name\n,A Front", ("row 1", "missing-field")),
        ("reference,name\n1,", ("row 1", "missing-field")),
        ("reference,name,type\n1,A Front,ship", ("row 1", "not-allowed")),
        ("reference,name,listed_on\n1,A Front,soon", ("row 1", "bad-date")),
        ("reference,name\n1,A Front,what", ("row 1", "bad-row")),
        ("reference,name,authority\n1,A Front,two words", ("row 1", "bad-format")),
        (f"reference,name\n{'1' * 300},A Front", ("row 1", "too-long")),
        (f"reference,name\n1,{'A' * 3000}", ("row 1", "too-long")),
        ('reference,name\n1,"A Front', ("row 1", "bad-row")),
    ],
)
def test_bad_rows_of_a_plain_list_are_told(rows: str, fault: tuple[str, str]) -> None:
    assert faults(plain.read_csv(lines(rows.encode()), authority="PK")) == [fault]


def test_wide_text_is_refused_in_plain_words() -> None:
    (row,) = plain.read_csv(lines("reference,name\n1,A".encode("utf-16")), authority="PK")
    assert isinstance(row.outcome, Malformed)


@given(
    found=st.lists(
        st.tuples(
            st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,20}", fullmatch=True),
            st.text(st.characters(codec="utf-8", exclude_characters=";"), min_size=1, max_size=40),
            st.lists(st.text(st.characters(codec="utf-8", exclude_characters=";"), max_size=40), max_size=4),
        ).filter(lambda one: bool(tidy(one[1]))),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_as_plain_csv_reads_back(found: list[tuple[str, str, list[str]]]) -> None:
    def quoted(text: str) -> str:
        return '"' + tidy(text).replace('"', '""') + '"'

    rows = [f"{quoted(ref)},{quoted(name)},{quoted(';'.join(more))}" for ref, name, more in found]
    raw = "\n".join(["reference,name,aliases", *rows]).encode()
    expected = [
        an_entry("PK", ref, map(Alias, (name, *(text for text in more)))) for ref, name, more in found
    ]
    assert [row.outcome for row in plain.read_csv(lines(raw), authority="PK")] == expected
