"""Every strategy carries over exactly what it documents."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Address, ip_address, ip_network

import pytest

from simulate.evasion.edits import EDIT_SETS
from simulate.evasion.strategies import STRATEGIES, Strategy
from simulate.population.handles import legal
from simulate.population.people import IDENTIFYING, Person, Population, shared
from simulate.sampling import seeded

PAIRS = 150


@cache
def pairs(strategy: Strategy, edits: str) -> tuple[tuple[Person, Person], ...]:
    return tuple(_pairs(strategy, edits))


def _pairs(strategy: Strategy, edits: str) -> Iterator[tuple[Person, Person]]:
    rng = seeded(strategy.number, f"test {edits}")
    population = Population(1, 10_000)
    for _ in range(PAIRS):
        banned = population.equipped(rng, population.person(rng, platform="x"), strategy.needs)
        yield banned, strategy.mirror(population, EDIT_SETS[edits], banned, rng)


every = pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: f"strategy-{strategy.number}")
both_edit_sets = pytest.mark.parametrize("edits", EDIT_SETS)


@every
@both_edit_sets
def test_it_shares_what_it_says_and_nothing_else(strategy: Strategy, edits: str) -> None:
    for banned, mirror in pairs(strategy, edits):
        agreeing = shared(banned, mirror)
        carried = {field for field in strategy.shares if getattr(banned, field)}
        assert carried <= agreeing, (banned, mirror)
        # An edit that only tints a picture may move no bit of its hash.
        untouched = strategy.alters & {"avatar"}
        assert agreeing <= strategy.shares | strategy.may_share | untouched, (banned, mirror)


@every
@both_edit_sets
def test_everything_that_may_be_shared_sometimes_is(strategy: Strategy, edits: str) -> None:
    seen = Counter(field for pair in pairs(strategy, edits) for field in shared(*pair))
    assert strategy.may_share <= set(seen)


def test_naive_harder_and_fresh_make_up_all_eight() -> None:
    assert {strategy.number for strategy in STRATEGIES if strategy.catchable} == set(range(1, 8))
    assert [strategy.number for strategy in STRATEGIES] == list(range(1, 9))


@both_edit_sets
def test_the_wholly_fresh_share_nothing(edits: str) -> None:
    for banned, mirror in pairs(STRATEGIES[7], edits):
        assert not shared(banned, mirror)
        assert mirror.account_id != banned.account_id
        for field in IDENTIFYING:
            value = getattr(mirror, field)
            assert not value or value != getattr(banned, field)


@both_edit_sets
def test_the_naive_with_a_suffix_keep_device_and_alter_the_handle(edits: str) -> None:
    for banned, mirror in pairs(STRATEGIES[0], edits):
        assert mirror.device_id == banned.device_id
        assert mirror.handle != banned.handle


@both_edit_sets
def test_who_pays_with_the_same_card_or_bought_the_next_sim(edits: str) -> None:
    for banned, mirror in pairs(STRATEGIES[5], edits):
        same_card = mirror.payment_token == banned.payment_token
        next_card = mirror.number and banned.number and mirror.number[:-2] == banned.number[:-2]
        assert same_card or next_card


@both_edit_sets
def test_weak_traces_are_a_neighbouring_address_and_a_cropped_picture(edits: str) -> None:
    for banned, mirror in pairs(STRATEGIES[6], edits):
        assert banned.ip
        assert mirror.ip
        bits = 24 if isinstance(ip_address(banned.ip), IPv4Address) else 64
        assert ip_address(mirror.ip) in ip_network(f"{banned.ip}/{bits}", strict=False)
        assert banned.avatar
        assert mirror.avatar
        moved = (int(banned.avatar.pdq, 16) ^ int(mirror.avatar.pdq, 16)).bit_count()
        crop = EDIT_SETS[edits].crop
        assert crop.bits_low <= moved <= crop.bits_high


@every
def test_a_mirror_bears_a_handle_its_platform_allows(strategy: Strategy) -> None:
    for _, mirror in pairs(strategy, "held_out"):
        assert mirror.handle
        assert legal(mirror.platform, mirror.handle), mirror.handle


def test_some_come_back_on_another_platform() -> None:
    moved = [
        banned.platform != mirror.platform
        for strategy in STRATEGIES
        for banned, mirror in pairs(strategy, "tuning")
    ]
    assert 0.03 < sum(moved) / len(moved) < 0.3
