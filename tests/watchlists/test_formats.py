"""A damaged file of any format gives what is readable, and faults."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.watchlist.entry import Entry
from tests.watchlists.makers import (
    PLAIN_CSV,
    SDN_CSV,
    SDN_XML,
    UK_CSV,
    UN_XML,
    lines,
)
from watchlists import ofac, plain, uk, un
from watchlists.rows import tidy

READERS = {
    "ofac-csv": lambda raw: ofac.read_csv(lines(raw), lines(raw)),
    "ofac-xml": lambda raw: ofac.read_xml(BytesIO(raw)),
    "un-xml": lambda raw: un.read_xml(BytesIO(raw)),
    "uk-csv": lambda raw: uk.read_csv(lines(raw)),
    "csv": lambda raw: plain.read_csv(lines(raw), authority="PK"),
}

FILES = {"ofac-csv": SDN_CSV, "ofac-xml": SDN_XML, "un-xml": UN_XML, "uk-csv": UK_CSV, "csv": PLAIN_CSV}


@pytest.mark.parametrize("form", READERS)
@given(data=st.data())
def test_a_damaged_file_gives_entries_and_faults_and_never_an_exception(
    form: str, data: st.DataObject
) -> None:
    raw = FILES[form]
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 40)))
    damaged = raw[:start] + data.draw(st.binary(max_size=40)) + raw[end:]
    for row in READERS[form](damaged):
        assert row.where
        if isinstance(row.outcome, Entry):
            assert row.outcome.reference
            assert all(tidy(alias.text) == alias.text != "" for alias in row.outcome.aliases)
