"""A browser at the desk, signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from litestar import Litestar
from litestar.testing import AsyncTestClient
from sqlalchemy import event

from desk.database.engine import Database
from desk.database.topics import outbox
from desk.web.app import create_app, state_of
from tests.desk.people import PASSWORD, Office

Client = AsyncTestClient[Litestar]


_idle: list[Litestar] = []
"""Applications that no test uses now: it takes longer to build one than to run most tests."""


@asynccontextmanager
async def at_the_desk(office: Office, name: str = "amina", role: str = "moderator") -> AsyncIterator[Client]:
    """Somebody who has signed in."""
    await office.hire(name, role)
    app = _idle.pop() if _idle else create_app(office.desk)
    app.state = state_of(office.desk)
    async with AsyncTestClient(app, base_url="http://127.0.0.1:6068") as client:
        answer = await client.post(
            "/sign-in", data={"name": name, "password": PASSWORD}, follow_redirects=False
        )
        assert answer.status_code == 303, answer.text
        client.headers["X-CSRF-Token"] = (await client.get("/api/v1/me")).json()["csrf"]
        yield client
    _idle.append(app)


async def the_queue(client: Client, **filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/api/v1/queue", params=filters)).json()
    return found


async def decided(client: Client, read_id: int, verdict: str = "mirror", **more: Any) -> dict[str, Any]:
    body = {
        "read_id": read_id,
        "verdict": verdict,
        "reason_code": "several-traits",
        "policy": "hate",
        **more,
    }
    answer = await client.post("/api/v1/verdicts", json=body)
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def sent(office: Office) -> None:
    """What was decided is on its way, and cannot be undone any more."""
    office.clock.pass_(office.desk.policy.undo_seconds)
    async with office.database.begin() as connection:
        await outbox.take(connection, now=office.clock(), again_before=0, limit=99)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", hear)
