"""A browser at the desk, signed in, and what its person may see, as programs of a test read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
from litestar import Litestar
from msgspec import to_builtins
from sqlalchemy import event

from desk.access import sessions
from desk.access.oidc import IdentityProvider
from desk.database.engine import Database
from desk.database.filters import DecidedFilters, Filters, Place
from desk.database.topics import outbox
from desk.readers import Reader
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
        self.office: Office
        self.reader: Reader

    async def submit(self, where: str, **form: Any) -> httpx.Response:
        """What a form of a page sends, without following where it leads."""
        data = {"csrf": self.headers.get("X-CSRF-Token", ""), **form}
        return await self.post(where, data=data, follow_redirects=False)


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
    client.office, client.reader = office, session.reader


async def the_queue(
    client: Client, *, limit: int = 50, after: Place | None = None, **filters: Any
) -> list[dict[str, Any]]:
    """What waits for the person."""
    shown = await client.office.desk.queue(client.reader, Filters(**filters), limit=limit, after=after)
    found: list[dict[str, Any]] = to_builtins(shown)
    return found


async def opened(client: Client, alert_id: str = "alert-1") -> dict[str, Any]:
    """One alert as the person may see it."""
    shown: dict[str, Any] = to_builtins(await client.office.desk.open(client.reader, alert_id))
    return shown


async def decisions(client: Client) -> list[dict[str, Any]]:
    """What the person sees of what was decided."""
    shown = await client.office.desk.decided(client.reader, DecidedFilters(), limit=200)
    found: list[dict[str, Any]] = to_builtins(shown)
    return found


async def decided(client: Client, read_id: int, verdict: str = "mirror", **more: str) -> str:
    """Decides by the page's form; the batch, by which it can be undone."""
    form = {"verdict": verdict, "reason_code": "several-traits", "policy": "hate", **more}
    answer = await client.submit(f"/reads/{read_id}/decide", **form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].partition("undo=")[2]


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
