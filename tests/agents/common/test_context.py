"""What agents are given: the store's outages as delivery knows them, and its time on a clock."""

from __future__ import annotations

import pytest

from agents.common.context import OPERATIONS
from store.errors import StoreEmptied, StoreMismatch, StoreUnavailable
from streams.errors import Transient
from tests.agents.conftest import Life, MakeLife


async def failing(fault: Exception) -> None:
    raise fault


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), StoreEmptied("emptied")])
async def test_an_outage_is_waited_out(life: Life, fault: Exception) -> None:
    with pytest.raises(Transient, match=str(fault)):
        await life.context.call_store(failing(fault))


async def test_a_store_of_another_make_is_no_outage(life: Life) -> None:
    with pytest.raises(StoreMismatch):
        await life.context.call_store(failing(StoreMismatch("other layout")))


async def test_every_question_is_timed_under_its_name(life: Life) -> None:
    await life.context.call_store(life.context.store.bans(["x:1"]))
    text = life.context.meters.exposition().decode()
    assert 'samehand_store_seconds_count{operation="bans"} 1.0' in text
    assert {"enrol", "remember", "bans_like", "propose", "confirm"} <= set(OPERATIONS)


def test_shadow_mode_speaks_where_nobody_acts(make_life: MakeLife) -> None:
    assert make_life().context.alerts_topic == "t.alerts"
    assert make_life(shadow=True).context.alerts_topic == "t.alerts.shadow"
