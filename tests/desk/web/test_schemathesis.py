"""Whatever the desk's document allows, and what it does not, is answered as it says.

schemathesis makes the calls up; it takes 10 s of processor, for it tries each address and mode.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
import schemathesis
import uvicorn
from schemathesis import GenerationMode

from desk.access import sessions
from desk.access.throttle import Rates
from desk.database.engine import opened
from desk.web.app import create_app
from desk.web.security import cookie_name
from local.ports import take_port
from tests.desk.people import an_office
from tests.made_up_calls import hold_to_its_document

CALLS = 4
"""Of each address and mode: they are sixteen, and each call opens a database's transaction."""


class _Server(uvicorn.Server):
    """Says when it answers."""

    ready: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Any]:
    """What a desk says of itself, to a lead, over a few alerts."""
    asked: Queue[dict[str, str]] = Queue()
    ended = threading.Event()
    port = take_port()
    serving = threading.Thread(target=asyncio.run, args=(_serve(tmp_path, port.number, asked, ended),))
    serving.start()
    try:
        headers = asked.get(timeout=60)
        schema: Any = schemathesis.openapi.from_url(
            f"http://127.0.0.1:{port.number}/schema/openapi.json", headers=headers
        )
        schema.config.update(headers=headers)
        yield schema
    finally:
        ended.set()
        serving.join(60)
        port.release()


async def _serve(folder: Path, port: int, asked: Queue[dict[str, str]], ended: threading.Event) -> None:
    async with opened(f"sqlite:///{folder / 'desk.db'}") as database:
        office = an_office(database)
        for number in range(3):
            await office.receive(f"alert-{number}")
        lead = await office.hire("amina", "lead")
        async with database.begin() as connection:
            token = await sessions.begin(connection, lead.user_id, now=office.clock(), how="link")
        async with database.read() as connection:
            found = await sessions.find(connection, token, idle_seconds=1e6, now=office.clock())
        assert found is not None
        app = create_app(office.desk)
        app.state.rates = Rates(burst=1e9)  # the clock stands still, and refills nothing
        headers = {"Cookie": f"{cookie_name(office.desk)}={token}", "X-CSRF-Token": found[0].csrf}
        server = _Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off"))
        server.ready = lambda: asked.put(headers)
        running = asyncio.create_task(server.serve())
        await asyncio.to_thread(ended.wait)
        server.should_exit = True
        await running


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_what_the_document_says(api: Any, mode: GenerationMode) -> None:
    hold_to_its_document(api, mode, calls=CALLS)
