"""No malformed message is one that a decoder may take."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.malformed import Malformed
from schemas.wire import decode_created, encode
from simulate.population.people import Population
from simulate.sampling import seeded
from simulate.timeline import records
from simulate.timeline.malformed import SORTS, malformed

GOOD = encode(records.created(Population(1, 10).person(seeded(1, "good")), 1_790_000_000.0))
NOW = 1_790_000_001.0


def test_the_good_one_is_good() -> None:
    assert not isinstance(decode_created(GOOD, now=NOW), Malformed)


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: sort.__name__)
@given(seed=st.integers(0, 2**32))
def test_every_sort_is_refused_with_a_reason(sort: object, seed: int) -> None:
    assert callable(sort)
    refused = decode_created(sort(Random(seed), GOOD), now=NOW)
    assert isinstance(refused, Malformed)
    assert refused.reason


def test_all_sorts_come() -> None:
    rng = Random(1)
    reasons = {getattr(decode_created(malformed(rng, GOOD), now=NOW), "reason", None) for _ in range(300)}
    assert len(reasons) >= 5
