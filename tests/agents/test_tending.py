"""The store is looked after: its faults are told, its size is measured, its counts are frozen."""

from __future__ import annotations

import pytest

from agents.tending import Tending
from store.errors import StoreMismatch, StoreUnavailable
from streams.clock import SystemClock
from tests.agents.conftest import Life
from tests.makers import a_ban


async def test_a_store_is_not_well_before_it_was_looked_at(life: Life) -> None:
    tending = Tending(life.house, SystemClock())
    assert tending.fault
    await tending.look()
    assert tending.fault == ""


async def test_what_is_in_it_is_measured(life: Life) -> None:
    await life.ban(a_ban(handle="umar"), a_ban(handle="salma"))
    await Tending(life.house, SystemClock()).look()
    assert "samehand_fingerprints 2.0" in life.house.meters.exposition().decode()


async def test_an_outage_is_noted_and_over_when_it_is_over(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    tending = Tending(life.house, SystemClock())

    async def away(*_: object) -> None:
        raise StoreUnavailable("Redis did not answer in time")

    with monkeypatch.context() as patch:
        patch.setattr(type(life.house.store), "ready", away)
        await tending.look()
        assert "did not answer" in tending.fault
    await tending.look()
    assert tending.fault == ""


async def test_a_store_of_another_make_is_not_waited_for(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    async def other(*_: object) -> None:
        raise StoreMismatch("written with another layout")

    monkeypatch.setattr(type(life.house.store), "open", other)
    with pytest.raises(StoreMismatch):
        await Tending(life.house, SystemClock()).look()
