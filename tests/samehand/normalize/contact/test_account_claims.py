"""A profile that calls another account its own is told from one that only names it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.contact.account_claims import claims
from samehand.normalize.contact.contacts import ContactPoint, read_contacts

OURS = ContactPoint("handle", "valley_news")


@pytest.mark.parametrize(
    "bio",
    [
        "backup of @valley_news",
        "Follow! My old account @valley_news was suspended",
        "previous acc: @valley_news",
        "الحساب القديم @valley_news محذوف",
        "پرانا اکاؤنٹ @valley_news بند",
        "اکانت قبلی @valley_news بسته شد",
        "старый канал @valley_news удалён",
        "eski hesabım @valley_news kapatıldı",
        "पुराना खाता @valley_news बंद",
        "mi cuenta anterior @valley_news fue suspendida",
        "akun lama @valley_news kena suspend",
        "이전 계정 @valley_news 정지됨",
        "原号 @valley_news 被封",
    ],
)
def test_whose_account_it_was_is_read_in_many_languages(bio: str) -> None:
    assert read_contacts(bio, (), None).claimed == {OURS}


@pytest.mark.parametrize(
    "bio",
    [
        "I follow @valley_news",
        "former @valley_news reporter, old soul",
        "@valley_news was suspended again, finally",
        "glad that they banned @valley_news",
        "eski @valley_news muhabiri",
        "they removed the account @valley_news",
        "backup singer for @valley_news",
    ],
)
def test_who_only_names_it_claims_nothing(bio: str) -> None:
    read = read_contacts(bio, (), None)
    assert read.points == (OURS,)
    assert read.claimed == frozenset()


@given(st.text(max_size=200), st.integers(0, 250), st.integers(0, 250))
def test_any_text_may_be_asked(text: str, start: int, end: int) -> None:
    assert claims(text, start, end) in (True, False)
