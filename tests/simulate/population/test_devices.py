"""Devices and browsers: mostly one's own, sometimes nobody's."""

from collections import Counter
from random import Random

import pytest

from simulate.population.devices import JUNK_IDS, JUNK_SHARE, device_id, payment_token, referrer, user_agent


def test_a_few_device_ids_are_junk_and_the_rest_are_nobody_elses() -> None:
    rng = Random(1)
    seen = Counter(device_id(rng) for _ in range(20_000))
    junk = sum(seen.pop(each) for each in JUNK_IDS)
    assert junk / 20_000 == pytest.approx(JUNK_SHARE, abs=0.006)
    assert max(seen.values()) == 1


def test_browsers_are_many_and_some_are_common() -> None:
    rng = Random(1)
    seen = Counter(user_agent(rng) for _ in range(20_000))
    assert len(seen) > 150
    assert 0.01 < seen.most_common(1)[0][1] / 20_000 < 0.1


def test_cards_are_ones_own() -> None:
    rng = Random(1)
    assert len({payment_token(rng) for _ in range(1_000)}) == 1_000


def test_most_come_from_where_everyone_comes_and_few_by_invitation() -> None:
    rng = Random(1)
    seen = Counter(referrer(rng) for _ in range(10_000))
    invited = [each for each in seen if each.startswith("invite/")]
    assert sum(seen[each] for each in invited) == len(invited)
    assert 0.03 < len(invited) / 10_000 < 0.07
    assert seen.most_common(1)[0][1] > 1_000
