"""OFAC's two formats say the same, and bad rows have their number."""

from __future__ import annotations

from io import BytesIO

from samehand.watchlist.entry import Entry
from tests.watchlists.makers import (
    ALT_CSV,
    SDN_CSV,
    SDN_XML,
    entries,
    faults,
    front_and_person,
    lines,
    names,
)
from watchlists import ofac


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
