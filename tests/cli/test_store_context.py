"""The store of a command is closed again, come what may."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.runtime.store_factory import peppers_of
from cli.store_context import closing_store, house
from store.errors import StoreUnavailable
from streams.settings import load


async def test_a_store_out_of_reach_is_an_outage_and_is_closed(pepper_file: Path) -> None:
    settings = load({"SAMEHAND_PEPPER_FILE": str(pepper_file), "SAMEHAND_REDIS_URL": "redis://127.0.0.1:1/0"})
    peppers = peppers_of(settings)
    with pytest.raises(StoreUnavailable):
        async with closing_store(settings, peppers) as store:
            await store.open()


async def test_agents_of_commands_use_the_secrets_and_topics_of_the_settings(pepper_file: Path) -> None:
    settings = load({"SAMEHAND_PEPPER_FILE": str(pepper_file), "SAMEHAND_TOPIC_PREFIX": "t."})
    peppers = peppers_of(settings)
    async with closing_store(settings, peppers) as store:
        made = house(settings, peppers, store)
    assert made.topics.banned == "t.accounts.banned"
    assert [number for number, _ in made.keyers] == [1]
