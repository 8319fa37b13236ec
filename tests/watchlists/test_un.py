"""The UN's list gives names in their own script."""

from __future__ import annotations

from io import BytesIO

from tests.watchlists.makers import (
    UN_XML,
    entries,
    names,
)
from watchlists import un


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
