"""Of two desks one leads, also after PostgreSQL was restarted under both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from desk.database.engine import Database, opened
from desk.database.errors import DatabaseUnavailable
from local.binaries import NotAvailable
from local.postgres import EmbeddedPostgres
from streams.settings import Settings
from tests.desk.feed.feeding import feeding, until
from tests.desk.people import an_office


@pytest.fixture
def own_postgres() -> Iterator[EmbeddedPostgres]:
    """One that this test may harm."""
    try:
        with EmbeddedPostgres() as server:
            yield server
    except NotAvailable as missing:
        pytest.skip(str(missing))


async def locks(database: Database) -> int:
    """How many desks hold the lock, as the database sees it; 0 while it does not answer."""
    held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
    try:
        async with database.read() as connection:
            return int((await connection.execute(held)).scalar_one())
    except DatabaseUnavailable:
        return 0


async def test_after_postgresql_was_restarted_one_desk_leads(
    own_postgres: EmbeddedPostgres, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FOLLOWER_SECONDS", "LEAD_SECONDS"):
        monkeypatch.setattr(f"desk.feed.run.{name}", 0.2)
    url = own_postgres.make("desk")
    async with (
        opened(url) as one,
        opened(url) as other,
        feeding(an_office(one), settings) as first,
    ):
        await until(lambda: first.leading and not first.consuming)
        async with feeding(an_office(other), settings) as second:
            await until(lambda: second.consuming == "")
            assert not second.leading
            await asyncio.to_thread(own_postgres.kill)
            await asyncio.to_thread(own_postgres.start)

            async def one_leads() -> bool:
                return await locks(one) == 1 and first.leading + second.leading == 1

            await until(one_leads)
            await asyncio.sleep(2.0)
            assert await one_leads()
            leader = first if first.leading else second
            await until(lambda: (leader.consuming, leader.publishing) == ("", ""))
