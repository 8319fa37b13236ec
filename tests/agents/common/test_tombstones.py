"""A tombstone says when: by its header, or else by the broker's clock."""

from __future__ import annotations

import pytest

from agents.common.tombstones import OCCURRED_AT_HEADER, occurred_at, tombstone
from tests.makers import NOON, arrival


def test_a_tombstone_tells_when_its_reinstatement_occurred() -> None:
    emit = tombstone("x:1", 1_700_000_000.25, "accounts.banned")
    assert (emit.key, emit.value) == (b"x:1", None)
    assert occurred_at(arrival(None, headers=dict(emit.headers))) == 1_700_000_000.25


@pytest.mark.parametrize("headers", [{}, {"other": b"7"}, {OCCURRED_AT_HEADER: b"soon"}])
def test_one_that_somebody_else_wrote_occurred_when_the_broker_took_it(headers: dict[str, bytes]) -> None:
    assert occurred_at(arrival(None, headers=headers)) == NOON.timestamp()
