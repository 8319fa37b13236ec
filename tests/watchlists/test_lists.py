"""Files of lists: formats, documents, tables, rows and sources."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.watchlist.alias_filter import telling
from samehand.watchlist.entry import WatchlistEntry
from schemas.malformed import Malformed
from tests.watchlists.makers import (
    ALT_CSV,
    EU_XML,
    FTM,
    PLAIN_CSV,
    SDN_CSV,
    SDN_XML,
    UK_CSV,
    UN_XML,
    lines,
    source,
)
from watchlists import documents, eu, ftm, ofac, plain, uk, un
from watchlists.documents import elements, root_name
from watchlists.lists import FORMATS, format_of, read_lists
from watchlists.rows import iso_date, tidy
from watchlists.sources import ByteProgress, ListSource
from watchlists.tables import LINE_BYTES_MAX, column, records, rows

# Files of any format, in any order, are one stream of entries with addresses.


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (SDN_CSV, "ofac-csv"),
        (ALT_CSV, "ofac-csv"),
        (SDN_XML, "ofac-xml"),
        (UN_XML, "un-xml"),
        (UK_CSV, "uk-csv"),
        (EU_XML, "eu-xml"),
        (FTM, "ftm"),
        (PLAIN_CSV, "csv"),
        (b"\xef\xbb\xbf" + PLAIN_CSV, "csv"),
        (b"", None),
        (b"<html></html>", None),
        (b"<!DOCTYPE sdnList><sdnList/>", None),
        (b"a,b\n1,2\n", None),
    ],
)
def test_a_format_is_recognised_by_its_beginning(raw: bytes, form: str | None) -> None:
    assert format_of(raw) == form


def test_aliases_have_the_address_of_their_own_file_and_every_byte_is_heard(tmp_path: Path) -> None:
    (tmp_path / "SDN.CSV").write_bytes(SDN_CSV)
    (tmp_path / "ALT.CSV").write_bytes(ALT_CSV + b'9,9,"aka","NOBODY FRONT",-0- \n')
    heard: list[int] = []
    paths = [tmp_path / "ALT.CSV", tmp_path / "SDN.CSV"]
    found = list(read_lists(paths, hear=heard.append))
    assert f"{tmp_path / 'ALT.CSV'}:row 4" in {one.address for one in found}
    assert f"{tmp_path / 'SDN.CSV'}:row 1" in {one.address for one in found}
    assert heard[-1] == sum(path.stat().st_size for path in paths)


def test_a_file_that_is_gone_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="No such file"):
        list(read_lists([tmp_path / "gone.csv"], hear=lambda done: None))


# A damaged file of any format gives what is readable, and faults.

READERS = {
    "ofac-csv": lambda raw: ofac.read_csv(lines(raw), lines(raw)),
    "ofac-xml": lambda raw: ofac.read_xml(BytesIO(raw)),
    "un-xml": lambda raw: un.read_xml(BytesIO(raw)),
    "uk-csv": lambda raw: uk.read_csv(lines(raw)),
    "eu-xml": lambda raw: eu.read_xml(BytesIO(raw)),
    "ftm": lambda raw: ftm.read_lines(source(raw), authority="XX"),
    "csv": lambda raw: plain.read_csv(lines(raw), authority="PK"),
}

FILES: dict[str, bytes] = {
    "ofac-csv": SDN_CSV,
    "ofac-xml": SDN_XML,
    "un-xml": UN_XML,
    "uk-csv": UK_CSV,
    "eu-xml": EU_XML,
    "ftm": FTM,
    "csv": PLAIN_CSV,
}


def test_every_format_keeps_the_contract() -> None:
    assert READERS.keys() == FILES.keys() == set(FORMATS)


@pytest.mark.parametrize("form", READERS)
def test_each_format_tells_organisations_from_persons_and_leaves_the_acronym(form: str) -> None:
    found = [row.outcome for row in READERS[form](FILES[form]) if isinstance(row.outcome, WatchlistEntry)]
    front = next(entry for entry in found if "Front" in entry.name.title())
    assert [entry.person for entry in found if "EXAMPLE" in entry.name.upper()] == [True]
    kept, _ = telling(front)
    assert front.name.title() == "Northern Valley Liberation Front"
    assert front.aliases[0] in kept
    assert "NVLF" not in {alias.text for alias in kept}
    assert front.authority
    assert not front.person


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
        if isinstance(row.outcome, WatchlistEntry):
            assert row.outcome.reference
            assert all(tidy(alias.text) == alias.text != "" for alias in row.outcome.aliases)


# XML that is made to hurt is refused, and what came before it is kept.

WANTED = frozenset({"ENTITY"})
BOMB = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l><ENTITY>&b;</ENTITY></l>'
FILE = b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]><l><ENTITY>&x;</ENTITY></l>'


def read(raw: bytes) -> list[str]:
    return [
        found.reason if isinstance(found, Malformed) else "".join(found.itertext())
        for found in elements(BytesIO(raw), WANTED)
    ]


@pytest.mark.parametrize("raw", [BOMB, FILE, b"<!DOCTYPE l><l/>"], ids=["bomb", "file", "bare"])
def test_a_doctype_is_refused_before_any_entity_is_looked_at(raw: bytes) -> None:
    assert read(raw) == ["not-allowed"]
    assert root_name(raw) == ""


def test_entries_before_a_break_are_kept() -> None:
    assert read(b"<l><ENTITY>one</ENTITY><ENTITY>two</ENTI") == ["one", "bad-format"]


def test_an_unknown_encoding_is_a_fault() -> None:
    assert read(b'<?xml version="1.0" encoding="klingon"?><l/>') == ["bad-format"]


def test_depth_is_bounded() -> None:
    assert read(b"<l>" * 10_000) == ["nested-too-deep"]


def test_one_entry_is_bounded_in_elements_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "NODES_MAX", 10)
    assert read(b"<l><ENTITY>" + b"<a/>" * 11) == ["too-many"]
    monkeypatch.setattr(documents, "TEXT_CHARS_MAX", 10)
    assert read(b"<l><ENTITY>" + b"word " * 11 + b"</ENTITY></l>") == ["too-long"]
    assert read(b'<l><ENTITY a="' + b"word " * 11 + b'"></ENTITY></l>') == ["too-long"]


@pytest.mark.parametrize(
    "opening", [b'<l><ENTITY a="', b"<l><!--", b"<l><?x "], ids=["tag", "comment", "order"]
)
def test_a_tag_without_an_end_is_not_held_whole(opening: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "TAG_BYTES_MAX", 100_000)
    assert read(opening + b"x" * 1_000_000) == ["too-long"]
    short = b"<l><!-- note --><ENTITY>one</ENTITY>" * 20_000
    assert read(short[:-1])[:2] == ["one", "one"]
    assert "too-long" not in read(b"<l>" + b"<ENTITY>one</ENTITY> \n" * 20_000 + b"</l>")


def test_a_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "FILE_BYTES_MAX", 10)
    assert read(b"<l>" + b" " * 100 + b"</l>") == ["too-large"]


def test_namespaces_do_not_matter() -> None:
    assert read(b'<l xmlns="urn:new"><ENTITY>one</ENTITY></l>') == ["one"]


# Rows are numbered as a person counts them, whatever the encoding.


def test_each_line_is_read_in_its_own_encoding_and_empty_ones_do_not_count() -> None:
    read = list(rows(lines("\ufeffñ,1\n\n".encode() + "ñ,2\n".encode("cp1252") + b"\x1a\n")))
    assert [(row.number, row.cells) for row in read] == [(1, ["ñ", "1"]), (2, ["ñ", "2"])]


def test_titles_above_the_names_of_columns_are_passed_over() -> None:
    (row,) = records(lines(b"Report of today\nThe Name, Other\na,b\n"), frozenset({"thename"}))
    assert (row.number, row.values) == (1, {"thename": "a", "other": "b"})


def test_without_names_of_columns_nothing_is_guessed() -> None:
    (row,) = records(lines(b"a,b\n" * 20), frozenset({"name"}))
    assert isinstance(row.values, Malformed)
    assert row.number == 0


def test_columns_are_known_in_any_spelling() -> None:
    assert column("Name 6") == column("NAME_6") == column(" name6 ") == "name6"


# Values of lists are tidied the same way everywhere.


@pytest.mark.parametrize(
    "text", ["2011-07-29", "29/07/2011", "29-Jul-2011", "29 Jul 2011", "2011-07-29T00:00:00Z"]
)
def test_dates_as_lists_write_them(text: str) -> None:
    assert iso_date(text) == "2011-07-29"


@given(st.text(max_size=60))
def test_any_other_date_is_none(text: str) -> None:
    found = iso_date(text)
    assert found is None or len(found) == 10


# What is read is counted, and no line is held whole that has no end.


def test_lines_and_chunks_are_counted_over_all_files() -> None:
    heard: list[int] = []
    counted = ByteProgress(heard.append)
    assert list(ListSource(BytesIO(b"one\ntwo\n"), counted)) == [b"one\n", b"two\n"]
    assert ListSource(BytesIO(b"three"), counted).read(3) == b"thr"
    assert heard == [4, 8, 11]


def test_a_line_without_end_comes_in_pieces() -> None:
    pieces = list(ListSource(BytesIO(b"x" * (LINE_BYTES_MAX + 1)), ByteProgress(lambda done: None)))
    assert [len(piece) for piece in pieces] == [LINE_BYTES_MAX, 1]
