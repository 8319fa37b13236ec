"""The store of a dry run: its own, whatever the settings name; in memory up to a stated size."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from agents.common.context import AlertPolicy
from cli.commands.dry_run import stores
from cli.commands.dry_run.replay import Replay, secret_of
from cli.commands.dry_run.sources import Gathered, SourceEvent, of_files
from cli.exit_codes import NotDone
from local.binaries import NotAvailable
from samehand.scoring.weights import default_weights
from streams.kafka.topics import Names
from streams.settings import load
from tests.cli.commands.dry_run.makers import PERSON, a_platform, strangers
from tests.makers import NOON, a_sign_up


def events_of(folder: Path) -> list[SourceEvent]:
    mirrors = [a_sign_up(f"m{n}", at=NOON + timedelta(minutes=n), **PERSON) for n in range(3)]
    events, bans = a_platform(folder, *mirrors, *strangers(20))
    gathered = Gathered(Names())
    of_files(gathered, events, bans, "x", None, kcat=False)
    return gathered.ordered()


@pytest.mark.journey
async def test_redis_and_memory_tell_the_same(tmp_path: Path) -> None:
    events = events_of(tmp_path)
    told = []
    for records in (1, 20_000):
        async with stores.store_for(records, load({})) as (store, kind):
            ran = await Replay(store, secret_of(events), default_weights(), AlertPolicy()).run(events)
            told.append((kind, ran.raised))
    assert [kind for kind, _ in told] == ["memory", "redis"]
    assert told[0][1] == told[1][1] != []


async def test_without_a_redis_memory_takes_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*given: object) -> Path:
        raise NotAvailable("Embedded servers need Linux on x86-64.")

    monkeypatch.setattr("local.redis.executable", none)
    async with stores.store_for(stores.MEMORY_RECORDS_MAX, load({})) as (_, kind):
        assert kind == "memory"
    with pytest.raises(NotDone, match="too many for the store in memory, which takes 200,000"):
        async with stores.store_for(stores.MEMORY_RECORDS_MAX + 1, load({})):
            pass
