"""One mailbox, one spelling; no address, no fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.email import PROVIDERS, disposable_domains, fold_email


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("umar.media@gmail.com", "umarmedia@gmail.com"),
        ("Umar Media <UmarMedia+x@GoogleMail.com>", "umarmedia@gmail.com"),
        ("mailto:u.m.a.r@gmail.com?subject=hi", "umar@gmail.com"),
        ("umar.media@outlook.com", "umar.media@outlook.com"),
        ("umar+shop@outlook.com", "umar@outlook.com"),
        ("umar-shop@yahoo.com", "umar@yahoo.com"),
        ("umar+x@yahoo.com", "umar+x@yahoo.com"),
        ("umar@me.com", "umar@icloud.com"),
        ("u.m-a_r@pm.me", "umar@proton.me"),
        ("umar-media@ya.ru", "umarmedia@yandex.ru"),
        ("umar.media+x@example.org", "umar.media+x@example.org"),
        ("ü@exämple.de", "ü@xn--exmple-cua.de"),
        ("umar@example.org.", "umar@example.org"),
        ("ｕｍａｒ@gmail.com", "umar@gmail.com"),
    ],
)
def test_an_address_is_folded_as_its_provider_folds_it(typed: str, address: str) -> None:
    folded = fold_email(typed)
    assert folded is not None
    assert folded.address == address


def test_a_name_is_compared_across_providers() -> None:
    locals_ = {
        folded.local
        for typed in (
            "umar.media@gmail.com",
            "Umar_Media+1@example.org",
            "umarmedia@proton.me",
            "umar.media-x@yahoo.com",
        )
        if (folded := fold_email(typed)) is not None
    }
    assert locals_ == {"umarmedia"}


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "umar",
        "@gmail.com",
        "umar@",
        "umar@gmail",
        "a b@gmail.com",
        "umar..m@gmail.com",
        ".u@gmail.com",
        "u@-x.com",
        '"u m"@gmail.com',
        "u@[127.0.0.1]",
        "x" * 65 + "@gmail.com",
        "u@" + "x" * 250 + ".com",
        "u@é" + "é" * 80 + ".com",
    ],
)
def test_what_is_no_address_is_nothing(bad: str) -> None:
    assert fold_email(bad) is None


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("x@mailinator.com", "disposable"),
        ("x@a.mailinator.com", "disposable"),
        ("x@gmail.com", "public-provider"),
        ("x@example.org", "other"),
    ],
)
def test_the_kind_of_provider(typed: str, kind: str) -> None:
    folded = fold_email(typed)
    assert folded is not None
    assert folded.domain_class == kind


def test_no_public_provider_is_on_the_list_of_throw_away_ones() -> None:
    assert len(disposable_domains()) > 1000
    assert not disposable_domains() & {domain for provider in PROVIDERS for domain in provider.domains}


@given(st.one_of(st.text(max_size=300), st.emails(), st.from_regex(r".{0,5}@.{0,9}\..{0,4}")))
def test_any_text_is_an_address_or_nothing_and_folding_twice_is_folding_once(text: str) -> None:
    folded = fold_email(text)
    if folded is not None:
        again = fold_email(folded.address)
        assert again is not None
        assert (again.address, again.local) == (folded.address, folded.local)
