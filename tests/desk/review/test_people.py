"""Accounts by what an alert quotes of them."""

from __future__ import annotations

from desk.review.people import people, person_called, person_of, quoted_bios
from tests.desk.makers import a_reason, an_alert


def test_people_quoted_by_one_line_have_a_name_or_handle_alone() -> None:
    ours, theirs = people(an_alert(a_reason("name", ours="Omar", theirs="Umar")))
    assert (ours.name, ours.handle, ours.key) == ("Omar", "", "x:new")
    assert (theirs.name, theirs.handle, theirs.key) == ("Umar", "", "x:banned")


def test_person_of_a_key_has_no_words() -> None:
    person = person_of("x:a:b")
    assert (person.platform, person.account_id, person.name) == ("x", "a:b", "")


def test_bios_are_those_of_the_first_line_that_quotes_one() -> None:
    bio = a_reason("bio", ours="Traveller", theirs="12 characters")
    assert quoted_bios(an_alert(a_reason("name", ours="Omar"), a_reason("bio"), bio)) == ("Traveller", "")
    assert quoted_bios(an_alert(a_reason("name", ours="Omar"))) == ("", "")


def test_account_is_called_by_the_first_alert_that_quotes_it() -> None:
    bare = people(an_alert(a_reason("device")))
    quoted = people(an_alert(a_reason("handle", ours="umar_media", theirs="umar")))
    assert person_called("x:new", [bare, quoted]).handle == "umar_media"
    assert person_called("x:banned", [bare, quoted]).handle == "umar"
    assert person_called("x:other", [quoted]) == person_of("x:other")
