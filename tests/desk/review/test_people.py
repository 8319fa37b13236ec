"""Accounts by what an alert quotes of them."""

from __future__ import annotations

from desk.review.people import people, person_of
from tests.desk.makers import a_reason, an_alert


def test_people_quoted_by_one_line_have_a_name_or_handle_alone() -> None:
    ours, theirs = people(an_alert(a_reason("name", ours="Omar", theirs="Umar")))
    assert (ours.name, ours.handle, ours.key) == ("Omar", "", "x:new")
    assert (theirs.name, theirs.handle, theirs.key) == ("Umar", "", "x:banned")


def test_person_of_a_key_has_no_words() -> None:
    person = person_of("x:a:b")
    assert (person.platform, person.account_id, person.name) == ("x", "a:b", "")
