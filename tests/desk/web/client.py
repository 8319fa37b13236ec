"""A browser at the desk, signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
from litestar import Litestar
from sqlalchemy import event

from desk.access import sessions
from desk.access.oidc import IdentityProvider
from desk.database.engine import Database
from desk.database.topics import outbox
from desk.web.app import create_app, state_of
from desk.web.security import cookie_name
from tests.desk.people import Office


class Client(httpx.AsyncClient):
    """Calls the application in this loop; Litestar's own client calls it from another thread."""

    def __init__(self, app: Litestar) -> None:
        transport = httpx.ASGITransport(
            app,  # type: ignore[arg-type]  # httpx types scopes as plain mappings, Litestar as typed dicts
            client=("testclient", 50000),
        )
        super().__init__(transport=transport, base_url="http://127.0.0.1:6068", follow_redirects=True)
        self.app = app


_idle: list[Litestar] = []
"""Applications that no test uses now: it takes longer to build one than to run most tests."""


@asynccontextmanager
async def browsing(office: Office, provider: IdentityProvider | None = None) -> AsyncIterator[Client]:
    """A browser that nobody signed in with."""
    app = _idle.pop() if _idle else create_app(office.desk)
    app.state = state_of(office.desk, provider)
    async with Client(app) as client:
        yield client
    _idle.append(app)


@asynccontextmanager
async def at_the_desk(office: Office, name: str = "amina", role: str = "moderator") -> AsyncIterator[Client]:
    """Somebody who has signed in."""
    reader = await office.hire(name, role)
    async with browsing(office) as client:
        await sign_in(client, office, reader.user_id)
        yield client


async def page_at(office: Office, where: str, name: str = "amina", role: str = "moderator") -> str:
    """The one page that somebody looks at."""
    async with at_the_desk(office, name, role) as client:
        return (await client.get(where)).text


async def sign_in(client: Client, office: Office, user_id: str) -> None:
    """Begins a session as the form does, without the time that a password takes."""
    async with office.database.begin() as connection:
        token = await sessions.begin(connection, user_id, now=office.clock(), how="password")
        session, _ = await sessions.find(connection, token, idle_seconds=1.0, now=office.clock()) or (None, 0)
    assert session is not None
    client.cookies.set(cookie_name(office.desk), token, domain="127.0.0.1")  # as the server does
    client.headers["X-CSRF-Token"] = session.csrf


async def the_queue(client: Client, **filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.get("/api/v1/queue", params=filters)).json()
    return found


async def decided(client: Client, read_id: int, verdict: str = "mirror", **more: Any) -> dict[str, Any]:
    body = {"read_id": read_id, "verdict": verdict, "reason_code": "several-traits", "policy": "hate", **more}
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
