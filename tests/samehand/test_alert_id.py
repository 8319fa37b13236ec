"""One alert a pair: the same two accounts always give the same id, and no other two do."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from samehand.alert_id import alert_id


def test_the_id_is_part_of_what_others_build_on() -> None:
    assert alert_id("telegram:99", "telegram:77") == "8f645bd29fda8b73dbdb31fcd28ebb14"


@given(st.text(), st.text(), st.text(), st.text())
def test_other_pairs_have_other_ids(a: str, b: str, c: str, d: str) -> None:
    assume((a, b) != (c, d))
    assert alert_id(a, b) != alert_id(c, d)


def test_who_is_banned_matters() -> None:
    assert alert_id("x:1", "x:2") != alert_id("x:2", "x:1")
