"""Pictures: the further apart, the less they say, and strangers' are different."""

from __future__ import annotations

from itertools import pairwise

from samehand.scoring.weights import default_weights
from samehand.signals.avatar import ALIKE_BITS, AVATAR, PDQ_BYTES, AvatarTrait
from tests.samehand.signals.test_contract import SIGHT

STRANGERS_BITS_MIN = 84  # the nearest of 687,000 pairs of unrelated photographs


def seen(apart_bits: int) -> tuple[str, float]:
    """The level and the nats of two pictures whose hashes differ in so many bits."""
    other = ((1 << apart_bits) - 1).to_bytes(PDQ_BYTES, "big")
    found = AVATAR.compare(AvatarTrait(bytes(PDQ_BYTES), 90), AvatarTrait(other, 90), SIGHT)
    assert found is not None
    return found.level, default_weights().signals["avatar"].levels[found.level].match_weight(
        found.rate or 1.0
    )


def test_what_pictures_say_fades_with_the_bits_that_differ() -> None:
    said = [seen(bits)[1] for bits in range(256)]
    assert all(former >= later for former, later in pairwise(said))
    assert seen(ALIKE_BITS)[1] > 2.5


def test_no_stranger_came_near_enough_to_be_taken_for_an_edit() -> None:
    assert ALIKE_BITS < STRANGERS_BITS_MIN
    assert seen(ALIKE_BITS + 1)[0] == seen(STRANGERS_BITS_MIN)[0] == "different"


def test_a_picture_turned_or_cut_as_a_screenshot_still_speaks() -> None:
    # Medians of a turn by 2 degrees, a screenshot and a cut of 4 % a side.
    assert [seen(bits)[0] for bits in (56, 64, 74)] == [
        "alike-pictures",
        "distantly-alike",
        "distantly-alike",
    ]
