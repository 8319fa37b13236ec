"""Avatars: many share a picture, few share a photo, an edit moves what it says."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.population import avatars
from simulate.population.avatars import (
    DEFAULT_SHARE,
    POPULAR_SHARE,
    Avatar,
    AvatarEdit,
    Gallery,
    edited,
    photo,
)


def distance(one: Avatar, other: Avatar) -> int:
    return (int(one.pdq, 16) ^ int(other.pdq, 16)).bit_count()


def test_defaults_and_favourites_are_shared_and_photos_are_not() -> None:
    gallery, rng = Gallery(1), Random(1)
    seen = Counter(gallery.avatar(rng, "x").pdq for _ in range(10_000))
    shared = sum(times for times in seen.values() if times > 1)
    assert shared / 10_000 == pytest.approx(DEFAULT_SHARE + POPULAR_SHARE, abs=0.02)


def test_defaults_differ_between_platforms() -> None:
    gallery, rng = Gallery(1), Random(1)
    common = set()
    for platform in ("x", "facebook", "telegram"):
        seen = Counter(gallery.avatar(rng, platform).pdq for _ in range(500))
        common.add(seen.most_common(1)[0][0])
    assert len(common) == 3


def test_unrelated_photos_are_far_apart() -> None:
    rng = Random(1)
    photos = [photo(rng) for _ in range(200)]
    assert min(distance(one, other) for one in photos for other in photos if one is not other) > 80


FAMILIES = (avatars.TUNING, avatars.VALIDATION, avatars.HELD_OUT)
CROPS = [avatars.TUNING_CROP, avatars.VALIDATION_CROP, avatars.HELD_OUT_CROP]
EDITS = [*(edit for family in FAMILIES for edit in family.values), *CROPS]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
@given(seed=st.integers(0, 2**32))
def test_an_edit_moves_as_many_bits_as_it_says(edit: AvatarEdit, seed: int) -> None:
    rng = Random(seed)
    before = photo(rng)
    after = edited(rng, before, edit)
    assert len(after.pdq) == 64
    assert 0 <= after.quality <= 100
    moved = distance(before, after)
    if edit.mirrored:
        assert 128 - edit.bits_high <= moved <= 128 + edit.bits_high
    else:
        assert edit.bits_low <= moved <= edit.bits_high


def test_half_the_edits_move_at_most_the_median() -> None:
    edit, rng = avatars.HELD_OUT_CROP, Random(1)
    assert sum(edit.bits(rng) <= edit.bits_median for _ in range(4_000)) / 4_000 == pytest.approx(
        0.5, abs=0.04
    )


def test_no_family_uses_an_edit_of_another() -> None:
    named = [edit.name for family in FAMILIES for edit in family.values]
    assert len(named) == len(set(named))
    assert len(set(CROPS)) == len(CROPS)
