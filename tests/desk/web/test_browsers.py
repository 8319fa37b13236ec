"""A stranger behind the same proxy keeps nobody from signing in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from desk.access.throttle import GUESSES_MAX, WAIT_SECONDS_MAX
from desk.database import audit
from desk.database.engine import Database
from desk.web.app import create_app
from streams.serving.forwarded import Forwarded
from streams.settings import load
from tests.desk.access.provider import SaysAnything
from tests.desk.people import PASSWORD, Office, an_office

PROXY = "10.0.0.1"
SETTINGS = load({"SAMEHAND_TRUSTED_PROXIES": PROXY})


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


class Site:
    """A desk behind a proxy."""

    def __init__(self, office: Office) -> None:
        self.app = create_app(office.desk, SaysAnything(now=office.clock).provider())

    @asynccontextmanager
    async def browser(self, address: str, peer: str = PROXY) -> AsyncIterator[httpx.AsyncClient]:
        served: Any = Forwarded(self.app, SETTINGS.trusted_proxies, SETTINGS.proxy_header)
        transport = httpx.ASGITransport(app=served, client=(peer, 4711))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:6068", headers={"X-Forwarded-For": address}
        ) as client:
            yield client


async def tries(client: httpx.AsyncClient, name: str, password: str, **headers: str) -> int:
    answer = await client.post("/sign-in", data={"name": name, "password": password}, headers=headers)
    return answer.status_code


async def test_stranger_who_spends_every_try_at_a_name_keeps_nobody_out(office: Office) -> None:
    await office.hire("amina")
    site = Site(office)
    async with site.browser("198.51.100.7") as stranger, site.browser("203.0.113.9") as amina:
        answers = [await tries(stranger, "amina", "wrong password") for _ in range(12)]
        assert answers == [403] * 10 + [429] * 2
        assert await tries(amina, "amina", PASSWORD) == 303


async def test_stranger_who_makes_up_a_header_is_held_all_the_same(office: Office) -> None:
    await office.hire("amina")
    site = Site(office)
    async with site.browser("", peer="198.51.100.7") as stranger:
        said = [f"10.9.0.{number}" for number in range(12)]
        direct = [await tries(stranger, "amina", "wrong", **{"X-Forwarded-For": one}) for one in said]
    async with site.browser("") as stranger:
        proxied = [
            await tries(stranger, "amina", "wrong", **{"X-Forwarded-For": f"{one}, 198.51.100.8"})
            for one in said
        ]
    assert direct == proxied == [403] * 10 + [429] * 2


async def test_name_that_is_guessed_at_from_everywhere_is_not_locked(office: Office) -> None:
    user = await office.hire("amina")
    site = Site(office)
    async with site.browser("203.0.113.9") as at_work, site.browser("203.0.113.10") as at_home:
        assert await tries(at_work, "amina", PASSWORD) == 303
        for number in range(2 * GUESSES_MAX + 1):
            network = f"2001:db8:{number:x}::1"
            async with site.browser(network) as stranger:
                await tries(stranger, "amina", "wrong password")
        assert await tries(at_work, "amina", PASSWORD) == 303, "it is known here"
        answer = await at_home.post("/sign-in", data={"name": "amina", "password": PASSWORD})
        assert answer.status_code == 429
        assert "Try again in a minute." in answer.text
        assert 1 <= int(answer.headers["Retry-After"]) <= WAIT_SECONDS_MAX
        office.clock.pass_(int(answer.headers["Retry-After"]))
        assert await tries(at_home, "amina", PASSWORD) == 303
    async with office.database.read() as connection:
        lines = [line for line in await audit.lines(connection, 0, 1_000) if line.action == "guessed-at"]
    assert [line.subject for line in lines] == [user.user_id]


async def test_name_that_nobody_has_answers_as_one_that_somebody_has(office: Office) -> None:
    site = Site(office)
    async with site.browser("198.51.100.7") as stranger:
        answers = [await tries(stranger, "nobody", "wrong password") for _ in range(12)]
    assert answers == [403] * 10 + [429] * 2


async def test_browser_that_signed_in_sets_out_for_the_provider_whatever_its_network_did(
    office: Office,
) -> None:
    await office.hire("amina")
    site = Site(office)
    async with site.browser("198.51.100.7") as amina, site.browser("198.51.100.7") as stranger:
        assert await tries(amina, "amina", PASSWORD) == 303
        answers = [(await stranger.get("/sign-in/oidc")).status_code for _ in range(40)]
        assert answers[-1] == 429
        assert (await amina.get("/sign-in/oidc")).status_code == 303
    async with site.browser("198.51.100.8") as other:
        assert (await other.get("/sign-in/oidc")).status_code == 303
