"""The UK's list is a row a name."""

from __future__ import annotations

from tests.watchlists.makers import (
    UK_CSV,
    entries,
    front_and_person,
    lines,
    names,
)
from watchlists import uk


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
