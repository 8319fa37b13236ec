"""One organisation in five official formats is one organisation; bad rows have their address."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.watchlists import ofac, plain, uk, un
from desk.watchlists.rows import an_entry, iso_date, tidy
from samehand.watchlist.entry import Alias, Entry
from schemas.malformed import Malformed
from tests.desk.watchlists.makers import (
    ALT_CSV,
    PLAIN_CSV,
    SDN_CSV,
    SDN_XML,
    UK_CSV,
    UN_XML,
    entries,
    faults,
    lines,
    names,
)


def front_and_person(found: list[Entry]) -> tuple[Entry, Entry]:
    front, person = found[0], found[1]
    assert (front.person, person.person) == (False, True)
    return front, person


def test_ofac_csv_joins_names_and_aliases_by_number() -> None:
    found = entries(ofac.read_csv(lines(SDN_CSV), lines(ALT_CSV)))
    front, person = front_and_person(found)
    assert names(front) == {
        "NORTHERN VALLEY LIBERATION FRONT": False,
        "VALLEY BRIGADES OF THE NORTH": False,
        "NVLF": True,
    }
    assert (front.authority, front.reference, front.programmes) == ("US", "101", ("SDGT", "FTO"))
    assert person.name == "EXAMPLE, Somebody"
    assert len(found) == 3, "the ship is nobody"


def test_old_ofac_files_are_windows_1252() -> None:
    assert "COMPAÑIA DE LA COSTA SUR" in {e.name for e in entries(ofac.read_csv(lines(SDN_CSV)))}


def test_ofac_xml_says_the_same_as_its_csv() -> None:
    front, person = front_and_person(entries(ofac.read_xml(BytesIO(SDN_XML))))
    assert front == front_and_person(entries(ofac.read_csv(lines(SDN_CSV), lines(ALT_CSV))))[0]
    assert person.name == "Somebody EXAMPLE"


def test_un_xml_has_the_original_script_and_the_date() -> None:
    person, front = entries(un.read_xml(BytesIO(UN_XML)))
    assert list(names(front)) == [
        "Northern Valley Liberation Front",
        "جبهة تحرير الوادي الشمالي",
        "Valley Brigades of the North",
    ]
    assert (front.reference, front.programmes, front.listed_on) == ("XXe.001", ("Al-Qaida",), "2011-07-29")
    assert names(person) == {"Somebody Example": False, "Sample": True}
    assert person.person


def test_uk_csv_gathers_the_rows_of_one_listing() -> None:
    front, person = front_and_person(entries(uk.read_csv(lines(UK_CSV))))
    assert front.name == "NORTHERN VALLEY LIBERATION FRONT", "the primary name leads"
    assert names(front)["NVLF"]
    assert names(front)["جبهة تحرير الوادي"] is False
    assert (front.reference, front.listed_on) == ("XXX0001", "2011-07-29")
    assert person.name == "Somebody EXAMPLE"


def test_the_list_before_it_is_read_as_well() -> None:
    old = (
        b"Last Updated,20/11/2026\nName 6,Name 1,Name 2,Name 3,Name 4,Name 5,Alias Type,Alias Quality,Regime,"
        b"Listed On,Group Type,Group ID\nVALLEY FRONT,,,,,,Primary name,,Example,29/07/2011,Entity,77\n"
    )
    (front,) = entries(uk.read_csv(lines(old)))
    assert (front.name, front.reference, front.listed_on) == ("VALLEY FRONT", "77", "2011-07-29")


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


def test_bad_rows_of_ofac_have_their_number_and_the_rest_is_read() -> None:
    broken = b'x,"A",-0- ,"P",,,,,,,,\n101,"B FRONT",-0- ,"P",,,,,,,,\n101,"C",-0- ,"P",,,,,,,,\n102,"D"\n'
    read = list(ofac.read_csv(lines(broken), lines(b'7,1,"aka","E",-0- \n1,2\n')))
    assert faults(read) == [
        ("row 1", "bad-format"),
        ("row 3", "contradiction"),
        ("row 4", "bad-row"),
        ("alias row 1", "contradiction"),
        ("alias row 2", "bad-row"),
    ]
    assert [row.outcome.name for row in read if isinstance(row.outcome, Entry)] == ["B FRONT"]


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


@pytest.mark.parametrize(
    "text", ["2011-07-29", "29/07/2011", "29-Jul-2011", "29 Jul 2011", "2011-07-29T00:00:00Z"]
)
def test_dates_as_lists_write_them(text: str) -> None:
    assert iso_date(text) == "2011-07-29"


@given(st.text(max_size=60))
def test_any_other_date_is_none(text: str) -> None:
    found = iso_date(text)
    assert found is None or len(found) == 10
