"""The lists of the UN, the UK, the EU and OFAC."""

from __future__ import annotations

from io import BytesIO

from samehand.watchlist.entry import WatchlistEntry
from tests.watchlists.makers import (
    ALT_CSV,
    EU_XML,
    SDN_CSV,
    SDN_XML,
    UK_CSV,
    UN_XML,
    entries,
    faults,
    front_and_person,
    lines,
    names,
)
from watchlists import eu, ofac, uk, un

# OFAC's two formats say the same, and bad rows have their number.


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
    assert [row.outcome.name for row in read if isinstance(row.outcome, WatchlistEntry)] == ["B FRONT"]


# The UK's list is a row a name.


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


# The UN's list gives names in their own script.


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


# The EU's list has its names in attributes.


def test_eu_xml_has_names_in_every_script_programme_and_date() -> None:
    front, person = front_and_person(entries(eu.read_xml(BytesIO(EU_XML))))
    assert names(front) == {
        "Northern Valley Liberation Front": False,
        "جبهة تحرير الوادي الشمالي": False,
        "NVLF": True,
    }
    assert (front.authority, front.reference, front.programmes, front.listed_on) == (
        *("EU", "EU.1.11", ("XX",)),
        "2011-07-29",
    )
    assert (person.name, person.reference) == ("Somebody Example", "2"), "parts of a name, and no number yet"


def test_an_entry_of_the_eu_that_is_neither_person_nor_enterprise_is_told() -> None:
    raw = EU_XML.replace(b'code="person" classificationCode="P"', b'code="vessel" classificationCode="V"')
    assert faults(eu.read_xml(BytesIO(raw))) == [("entry 2", "not-allowed")]
