"""Look-alikes resemble a banned account in their own way, and are somebody else."""

import pytest

from simulate.evasion.edits import EDIT_SETS
from simulate.evasion.lookalikes import INNOCENT_SHARES, INNOCENTS, relative
from simulate.population.handles import legal
from simulate.population.people import Person, Population, shared
from simulate.sampling import seeded

MAY_SHARE = {
    "namesake": {"display_name", "handle"},
    "fan": {"display_name"},
    "household": {"ip", "display_name", "device_id"},
    "neighbour": {"ip"},
    "recycled_phone": {"number"},
}


def beside(kind: str) -> list[tuple[Person, Person]]:
    population, rng = Population(1, 2_000), seeded(1, kind)
    pairs = []
    for _ in range(200):
        banned = population.person(rng)
        pairs.append((banned, INNOCENTS[kind](population, EDIT_SETS["tuning"], banned, rng)))
    return pairs


@pytest.mark.parametrize("kind", INNOCENTS)
def test_they_share_what_their_kind_shares_and_are_another_account(kind: str) -> None:
    for banned, other in beside(kind):
        assert shared(banned, other) <= MAY_SHARE[kind]
        assert other.key != banned.key
        assert other.platform != banned.platform or other.handle != banned.handle or other.handle is None
        assert other.handle is None or legal(other.platform, other.handle)


def test_namesakes_bear_the_name() -> None:
    assert all(
        (banned.given, banned.family) == (other.given, other.family) for banned, other in beside("namesake")
    )


def test_fans_say_so_in_their_handle_and_some_use_the_picture() -> None:
    pairs = beside("fan")
    assert all(other.bio and other.bio.startswith("fan account") for _, other in pairs)
    near = [
        (int(banned.avatar.pdq, 16) ^ int(other.avatar.pdq, 16)).bit_count() < 75
        for banned, other in pairs
        if banned.avatar and other.avatar
    ]
    assert 0.08 < sum(near) / len(near) < 0.35


def test_households_share_the_roof_the_name_and_seldom_the_tablet() -> None:
    pairs = beside("household")
    assert all(banned.ip == other.ip and banned.family == other.family for banned, other in pairs)
    same_device = sum(
        bool(other.device_id) and banned.device_id == other.device_id for banned, other in pairs
    )
    assert 0.05 < same_device / len(pairs) < 0.3


def test_a_recycled_number_is_the_banned_ones() -> None:
    assert all(other.number == banned.number for banned, other in beside("recycled_phone") if banned.number)


def test_relatives_share_a_device_as_often_as_asked() -> None:
    population, rng = Population(1, 500), seeded(1, "relatives")
    person = population.equipped(rng, population.person(rng), frozenset({"device"}))
    assert relative(population, person, rng, device_share=1.0).device_id == person.device_id
    assert relative(population, person, rng, device_share=0.0).device_id != person.device_id


def test_every_kind_has_a_share() -> None:
    assert set(INNOCENT_SHARES) == set(INNOCENTS)
