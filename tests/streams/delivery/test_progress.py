"""What a delivery shows of itself."""

from __future__ import annotations

import pytest

from streams.delivery.progress import Progress, Stage


def test_reaching_a_stage_is_a_sign_of_life() -> None:
    progress = Progress("screen", "t")
    progress.move(Stage.PUBLISHING, 7.0)
    assert (progress.stage, progress.moved_at) == (Stage.PUBLISHING, 7.0)


@pytest.mark.parametrize("stage", list(Stage))
def test_only_an_outage_and_an_operator_are_waited_for_on_purpose(stage: Stage) -> None:
    waits = Progress("screen", "t", stage=stage).waits_on_purpose
    assert waits == (stage in {Stage.HOLDING, Stage.STOPPED})
