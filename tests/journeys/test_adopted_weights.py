"""What a lead adopted at the desk is what a worker weighs by, as it runs and from its first event on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from samehand.scoring.weights import default_weights
from schemas.weights import WeightsAdopted
from tests.agents.common.test_weights_in_force import adopted
from tests.journeys.conftest import Platform
from tests.makers import a_ban, a_sign_up

pytestmark = pytest.mark.journey

NOW = datetime.now(UTC).replace(microsecond=0)
AGO = NOW - timedelta(hours=2)
DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0dacc7"


def version_of(platform: Platform, account_id: str) -> str:
    """Signs a mirror up, and returns which table its alert was made by."""
    mirror = a_sign_up(account_id, handle=f"umar_media_{account_id[1:]}", device_id=DEVICE, at=NOW)
    platform.publish(platform.topics.created, mirror)
    platform.until(lambda: platform.alerts_on(account_id), "the alert")
    return platform.alerts_on(account_id)[0].weights_version


def decided(platform: Platform, decision: WeightsAdopted, version: str) -> None:
    """Publishes a decision as the desk does, and waits until the worker weighs by it."""
    platform.publish(platform.topics.weights, decision, key=decision.stage.encode())
    series = f'samehand_weights{{stage="{decision.stage}",weights_version="{version}"}}'
    platform.until(lambda: platform.metric(series) == 1.0, f"{version} to be in force")


def test_weights_are_tried_in_shadow_put_in_force_kept_over_a_restart_and_rolled_back(
    platform: Platform,
) -> None:
    ours = default_weights().version
    platform.publish(
        platform.topics.banned, a_ban("b1", handle="umar_media", device_id=DEVICE, at=AGO, banned_at=AGO)
    )
    assert version_of(platform, "n1") == ours

    decided(platform, adopted(1, "shadow"), "learned-1")
    assert version_of(platform, "n2") == ours
    counted = 'samehand_shadow_weights_total{band="likely",shadow_band="likely"}'
    platform.until(lambda: platform.metric(counted) >= 1.0, "the mirror to be counted by either table")

    decided(platform, adopted(2), "learned-2")
    assert version_of(platform, "n3") == "learned-2"

    platform.worker.stop(25.0)
    platform.open()
    assert version_of(platform, "n4") == "learned-2"

    decided(platform, WeightsAdopted(stage="live", number=3), ours)
    assert version_of(platform, "n5") == ours
    assert "cannot be used" not in platform.log.read_text("utf-8")
