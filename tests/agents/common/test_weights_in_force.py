"""What a lead adopts comes into force between batches; what cannot be used leaves our own table in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from agents.common.weights_in_force import WeightsInForce
from samehand.errors import UnusableWeights
from samehand.scoring.adjust import table_digest
from samehand.scoring.weights import default_weights
from schemas.weights import Multiplier, Stage, WeightsAdjustment, WeightsAdopted
from store.base import Candidate, Query
from store.memory.store import MemoryStore
from tests.agents.conftest import Life
from tests.makers import a_ban, a_sign_up

SHIPPED = default_weights()
DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


def adopted(number: int, stage: Stage = "live", intercept: float = 0.0, **other: Any) -> WeightsAdopted:
    """A decision for a table that takes ``intercept`` nats from every pair."""
    given: dict[str, Any] = {
        "base_version": SHIPPED.version,
        "base_digest": table_digest(SHIPPED),
        "weights_version": f"learned-{number}",
        "multipliers": tuple(
            Multiplier(signal="handle", level=level, multiplier=1.1)
            for level in SHIPPED.signals["handle"].levels
        ),
        "slope": 1.0,
        "intercept": intercept,
    }
    return WeightsAdopted(stage=stage, number=number, adjustment=WeightsAdjustment(**(given | other)))


def test_before_anybody_decides_the_tables_of_the_settings_are_in_force() -> None:
    weights = WeightsInForce(SHIPPED)
    assert (weights.version("live"), weights.version("shadow")) == (SHIPPED.version, None)


def test_of_a_stage_the_highest_number_holds_whatever_comes_late() -> None:
    weights = WeightsInForce(SHIPPED)
    assert weights.adopt(adopted(5))
    assert not weights.adopt(adopted(4))
    assert not weights.adopt(adopted(5))
    assert weights.adopt(adopted(3, "shadow"))
    assert (weights.version("live"), weights.version("shadow")) == ("learned-5", "learned-3")


def test_what_is_taken_back_leaves_our_own_table_and_nothing_in_shadow() -> None:
    weights = WeightsInForce(SHIPPED, shadow_weights=SHIPPED)
    weights.adopt(adopted(1))
    weights.adopt(WeightsAdopted(stage="live", number=2))
    weights.adopt(WeightsAdopted(stage="shadow", number=3))
    assert (weights.version("live"), weights.version("shadow")) == (SHIPPED.version, None)


@pytest.mark.parametrize(
    "other",
    [
        {"base_version": "another"},
        {"base_digest": ""},
        {"multipliers": (Multiplier(signal="horoscope", level="same", multiplier=1.0),)},
        {"multipliers": (Multiplier(signal="handle", level="part", multiplier=1.1),)},
        {"knots": ((1.0, 0.0), (0.0, 1.0))},
    ],
)
def test_what_cannot_be_used_leaves_our_own_table_in_force_and_is_told(other: dict[str, Any]) -> None:
    weights = WeightsInForce(SHIPPED)
    weights.adopt(adopted(1))
    with pytest.raises(UnusableWeights):
        weights.adopt(adopted(2, **other))
    assert weights.version("live") == SHIPPED.version
    assert weights.adopt(adopted(3))
    assert weights.version("live") == "learned-3"


async def test_alerts_are_made_and_named_by_what_was_adopted(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    life.context.weights.adopt(adopted(1))
    await life.tell(life.screen, a_sign_up("98", handle="umar_media_2", device_id=DEVICE))
    (found,) = life.alerts
    assert found.weights_version == "learned-1"
    (handle,) = [line for line in found.evidence if line.signal == "handle"]
    life.context.weights.adopt(WeightsAdopted(stage="live", number=2))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media_2", device_id=DEVICE))
    again = [line for line in life.alerts[-1].evidence if line.signal == "handle"]
    assert handle.weight == pytest.approx(1.1 * again[0].weight)
    assert life.alerts[-1].weights_version == SHIPPED.version


async def test_what_makes_every_pair_improbable_alerts_nobody_and_can_be_taken_back(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    life.context.weights.adopt(adopted(1, intercept=-50.0))
    await life.tell(life.screen, a_sign_up("98", handle="umar_media_2", device_id=DEVICE))
    assert life.alerts == []
    life.context.weights.adopt(WeightsAdopted(stage="live", number=2))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media_2", device_id=DEVICE))
    assert [alert.account_id for alert in life.alerts] == ["99"]


async def test_look_back_weighs_by_what_was_adopted_too(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("98", handle="umar_media_2", device_id=DEVICE))
    life.context.weights.adopt(adopted(1))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    assert [alert.weights_version for alert in life.alerts] == ["learned-1"]


async def test_a_batch_in_hand_keeps_the_table_that_it_began_with(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was looked up by that table's bound: another one would not have read the same candidates."""
    look_up = MemoryStore.bans_like

    async def meanwhile(
        store: MemoryStore, queries: Sequence[Query], **how: Any
    ) -> Sequence[Sequence[Candidate]]:
        found = await look_up(store, queries, **how)
        life.context.weights.adopt(adopted(1, intercept=-50.0))
        return found

    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    monkeypatch.setattr(MemoryStore, "bans_like", meanwhile)
    await life.tell(life.screen, a_sign_up("98", handle="umar_media_2", device_id=DEVICE))
    assert [alert.weights_version for alert in life.alerts] == [SHIPPED.version]
    assert life.context.weights.version("live") == "learned-1"
