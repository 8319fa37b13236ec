"""A gate and a desk as processes of their own, beside whatever a journey publishes with."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Mapping, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from desk.access.sign_in import add_user
from desk.database.engine import opened
from gate.keys import new_key, rate_of
from local.ports import LOOPBACK, take_port
from local.processes import Child
from store.pepper.pepper import write_pepper_file
from tests.deliver.receiver import SECRET_TEXT
from tests.desk.people import PASSWORD, kept
from tests.journeys.conftest import Platform
from tests.journeys.delivering import Delivering


class Serving:
    """A gate with one key and a desk with some people; each is started when a test says so."""

    def __init__(
        self,
        folder: Path,
        beside: Delivering | Platform,
        redis_url: str,
        database_url: str,
        *,
        may: Set[str],
        people: Mapping[str, str],
    ) -> None:
        """``beside``: whose topics and settings hold here, too; ``people``: names with their roles."""
        self.folder, self.until = folder, beside.until
        self._ports = [take_port() for _ in range(4)]
        self._gate_port, self._desk_port, *web_ports = (port.number for port in self._ports)
        (folder / "secret").write_text(SECRET_TEXT)
        write_pepper_file(folder / "serving-pepper")
        self.key = new_key(folder / "keys", "platform", frozenset(may), rate_of("100/s"), datetime.now(UTC))
        asyncio.run(self._hire(database_url, people))
        shared = {
            "SAMEHAND_REDIS_URL": redis_url,
            "SAMEHAND_STORE_PREFIX": f"samehand-{beside.environment['SAMEHAND_KAFKA_GROUP']}",
            "SAMEHAND_PEPPER_FILE": str(folder / "serving-pepper"),
            "SAMEHAND_DATABASE_URL": database_url,
        } | beside.environment
        own = {
            "gate": {
                "GATE_KEYS": folder / "keys",
                "GATE_PORT": self._gate_port,
                "GATE_DESK_URL": f"http://{LOOPBACK}:{self._desk_port}",
                "GATE_DESK_SECRET_FILE": folder / "secret",
            },
            "desk": {
                "DESK_PORT": self._desk_port,
                "DESK_APPEALS_SECRET_FILE": folder / "secret",
                "DESK_UNDO_SECONDS": 0,
                "DESK_BLIND_SHARE": 0,
                "DESK_SECOND_SHARE": 0,
            },
        }
        self._children = {
            name: Child(
                [sys.executable, "-m", "cli", name],
                folder / f"{name}.log",
                shared
                | {f"SAMEHAND_{setting}": str(value) for setting, value in settings.items()}
                | {"SAMEHAND_WEB_PORT": str(web_port)},
            )
            for (name, settings), web_port in zip(own.items(), web_ports, strict=True)
        }

    async def _hire(self, database_url: str, people: Mapping[str, str]) -> None:
        async with opened(database_url) as database, database.begin() as connection:
            for name, role in people.items():
                await add_user(connection, name, role, password=kept(), now=time.time())

    def start(self, command: str) -> None:
        self._children[command].start()

    def close(self) -> None:
        """Ends what runs."""
        for child in self._children.values():
            child.kill()
        for port in self._ports:
            port.release()

    def call(self, path: str, body: Any = None, *, content: bytes | None = None) -> httpx.Response:
        """The platform's call of the gate. Raises `httpx.TransportError` while that does not answer."""
        return httpx.post(
            f"http://{LOOPBACK}:{self._gate_port}{path}",
            json=body,
            content=content,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=30.0,
        )

    def sign_in(self, name: str) -> httpx.Client:
        """A browser in which somebody has signed in, once the desk lets people in."""
        client = httpx.Client(base_url=f"http://{LOOPBACK}:{self._desk_port}", timeout=30.0)
        form = {"name": name, "password": PASSWORD}

        def signed_in() -> bool:
            try:
                return client.post("/sign-in", data=form).status_code == 303
            except httpx.TransportError:
                return False

        self.until(signed_in, "the desk to let people in")
        client.headers["X-CSRF-Token"] = part(r'name="csrf" content="([^"]+)"', client.get("/queue").text)
        return client

    def decide(self, client: httpx.Client, kind: str, **verdict: str) -> str:
        """Decides the one alert that waits, once it does. Returns the page on which it is read."""
        where = f"/next?kind={kind}"
        self.until(lambda: "/alerts/" in client.get(where).headers["Location"], "something to decide")
        seen = client.get(client.get(where).headers["Location"]).text
        made = client.post(part(r'action="(/reads/\d+/decide)"', seen), data=verdict)
        assert made.status_code == 303, made.text
        return seen


def part(pattern: str, page: str) -> str:
    """What a page has in the group of a pattern."""
    [text, *_] = re.findall(pattern, page)
    return str(text)
