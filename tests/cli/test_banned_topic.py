"""What every rebuild reads: all that stood in the topic when it began, batch by batch."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.runtime.store_factory import peppers_of
from cli.banned_topic import open_anew
from cli.run_async import awaited
from cli.store_context import closing_store
from streams.settings import load

pytestmark = pytest.mark.journey


def test_a_store_without_an_epoch_is_given_one(servers: str, pepper_file: Path) -> None:
    async def opened() -> list[str]:
        epochs = []
        for _ in range(2):
            async with closing_store(load(), peppers_of(load())) as store:
                epochs.append(await open_anew(store, dict))
        return epochs

    first, second = awaited(opened())
    assert first
    assert second == first
