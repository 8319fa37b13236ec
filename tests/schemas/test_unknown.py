"""Counting unknown fields: the cheap way and the thorough way agree."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from schemas import examples
from schemas.accounts import Account, AccountBanned, AccountDeleted
from schemas.unknown import UnknownFields
from tests.schemas.makers import as_json

names = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.none(), max_size=4)


@given(names, names)
def test_each_unknown_name_counts_once(top: dict[str, None], inner: dict[str, None]) -> None:
    event = as_json(examples.BANNED)
    account = {**inner, **event["account"]}
    raw = msgspec.json.encode({**top, **event, "account": account})
    expected = len(top.keys() - set(AccountBanned.__struct_fields__))
    expected += len(inner.keys() - set(Account.__struct_fields__))
    assert UnknownFields(AccountBanned).count(raw) == expected


def test_a_record_without_a_profile_has_only_its_top() -> None:
    raw = msgspec.json.encode({**as_json(examples.DELETED), "account": {"unseen": 1}})
    assert UnknownFields(AccountDeleted).count(raw) == 1
