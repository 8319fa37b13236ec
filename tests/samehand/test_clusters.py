"""Which accounts count as one, and what it costs to find out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.common.converters import account_of, fingerprints_of
from samehand.clusters import Clusters, alike
from samehand.fingerprint.distil import Fingerprint
from samehand.scoring.weights import default_weights
from store.pepper.pepper import Pepper
from tests.makers import a_sign_up

WEIGHTS = default_weights()
DEVICE, ANOTHER = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b", "7f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


def shown(at: float | None = None, pepper_id: int = 1, **profile: Any) -> Fingerprint:
    """The fingerprint of an account that shows this."""
    account = account_of("telegram", a_sign_up(**profile).account)
    return fingerprints_of(account, [(pepper_id, Pepper(1, b"p" * 32).digest)], at=at)[0]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"handle": "gardener", "device_id": DEVICE}, {"handle": "umar_media", "device_id": DEVICE}, True),
        (
            {"handle": "umar_media1", "device_id": DEVICE},
            {"handle": "umar_media2", "device_id": ANOTHER},
            True,
        ),
        ({"email": "u@valley.example"}, {"email": "u@valley.example", "device_id": DEVICE}, True),
        ({"handle": "gardener", "ip": "39.40.1.2"}, {"handle": "umar_media", "ip": "39.40.1.2"}, False),
        ({"handle": "ali1"}, {"handle": "salma_kitchen"}, False),
        ({"handle": "gardener"}, {}, False),
    ],
)
def test_what_somebody_owns_or_is_called_makes_two_alike_and_a_network_does_not(
    one: dict[str, Any], other: dict[str, Any], expected: bool
) -> None:
    mine, its = shown(**one), shown(**other)
    assert (alike(mine, its, WEIGHTS), alike(its, mine, WEIGHTS)) == (expected, expected)


def test_the_moment_makes_nobody_alike() -> None:
    one = shown(handle="gardener", at=1_000_000.0)
    assert not alike(one, shown(handle="umar_media", at=1_000_000.0), WEIGHTS)


def test_digests_under_different_peppers_are_not_compared() -> None:
    one = shown(email="u@valley.example")
    assert not alike(one, replace(one, pepper_id=2), WEIGHTS)


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(1, 12))
def test_each_member_is_with_its_like_and_asked_about_no_more_often_than_there_are_leaders(
    members: list[int], leaders_max: int
) -> None:
    asked = 0

    def same(one: int, other: int) -> bool:
        nonlocal asked
        asked += 1
        return one == other

    clusters = Clusters(same, leaders_max)
    numbers = [clusters.place(member) for member in members]
    kinds = list(dict.fromkeys(members))[:leaders_max]
    assert numbers == [kinds.index(member) if member in kinds else None for member in members]
    assert asked <= len(members) * leaders_max
