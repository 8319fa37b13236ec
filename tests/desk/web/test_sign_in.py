"""Signing in as browsers do it, and as strangers try it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import cache
from typing import Any

import httpx
import pytest
from litestar import Litestar

from desk.access.oidc import user_id_of
from desk.access.throttle import GUESSES_MAX, WAIT_SECONDS_MAX
from desk.database import audit, users
from desk.web.app import create_app, state_of
from desk.web.single_sign_on import CALLBACK
from streams.serving.forwarded import Forwarded
from streams.settings import load
from tests.desk.people import PASSWORD, Office, an_office
from tests.desk.provider import ISSUER, SaysAnything
from tests.desk.web.client import Client, browsing

# A stranger behind the same proxy keeps nobody from signing in.


PROXY = "10.0.0.1"
SETTINGS = load({"SAMEHAND_TRUSTED_PROXIES": PROXY})


@cache
def _site() -> Litestar:
    return create_app(an_office(None).desk)  # type: ignore[arg-type]  # each test lays its own desk over it


class Site:
    """A desk behind a proxy."""

    def __init__(self, office: Office) -> None:
        self.app = _site()
        self.app.state = state_of(office.desk, SaysAnything(now=office.clock).provider())

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


# Signing in with a provider, as a browser does it, and as whoever has no business here tries it.

AMINA = user_id_of(ISSUER, "4711")


@pytest.fixture
def there(office: Office) -> SaysAnything:
    return SaysAnything(now=office.clock)


@asynccontextmanager
async def a_browser(office: Office, there: SaysAnything, **agreed: Any) -> AsyncIterator[Client]:
    async with browsing(office, there.provider(**agreed)) as client:
        yield client


async def set_out(browser: Client, next_: str = "/queue") -> str:
    answer = await browser.get("/sign-in/oidc", params={"next": next_}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


async def come_back(browser: Client, **given: str) -> httpx.Response:
    return await browser.get(CALLBACK, params=given, follow_redirects=False)


async def sign_in(browser: Client, there: SaysAnything, next_: str = "/queue") -> httpx.Response:
    return await come_back(browser, **there.sign_in(await set_out(browser, next_)))


async def who(browser: Client) -> dict[str, Any] | None:
    token = browser.cookies.get("samehand", domain="127.0.0.1") or ""
    session = await browser.app.state.desk.session(token)
    return None if session is None else asdict(session.reader)


async def test_whoever_the_provider_gives_a_role_comes_in_where_they_wanted_to_go(
    office: Office, there: SaysAnything
) -> None:
    async with a_browser(office, there) as browser:
        page = await browser.get("/sign-in?next=/alerts/alert-1")
        assert 'href="/sign-in/oidc?next=/alerts/alert-1"' in page.text
        back = await sign_in(browser, there, "/alerts/alert-1")
        assert (back.status_code, back.headers["Location"]) == (303, "/alerts/alert-1")
        me = await who(browser)
    assert there.asked["code_challenge_method"] == "S256"
    assert there.asked["scope"] == "openid profile"
    assert me is not None
    assert (me["user_id"], me["role"], me["initials"]) == (AMINA, "moderator", "AK")


async def test_nobody_who_signs_in_there_has_a_way_in_by_a_password(
    office: Office, there: SaysAnything
) -> None:
    async with a_browser(office, there) as browser:
        await sign_in(browser, there)
        browser.cookies.clear()
        for password in ("", "None", PASSWORD):
            form = {"name": "amina.khan", "password": password}
            assert (await browser.post("/sign-in", data=form)).status_code == 403


async def test_a_name_that_is_taken_here_is_told_apart_and_not_taken_over(
    office: Office, there: SaysAnything
) -> None:
    there.claims["preferred_username"] = "boss"
    boss = await office.hire("boss", "lead")
    async with a_browser(office, there) as browser:
        await sign_in(browser, there)
        me = await who(browser)
    assert me is not None
    assert me["user_id"] == AMINA != boss.user_id
    assert me["role"] == "moderator"


async def test_whoever_has_no_role_is_told_so_in_one_line(office: Office, there: SaysAnything) -> None:
    there.claims["roles"] = ["everybody"]
    async with a_browser(office, there) as browser:
        back = await sign_in(browser, there)
        assert back.status_code == 403
        assert "Your account has no role at this desk. Ask whoever runs it." in back.text
        assert await who(browser) is None


async def test_another_role_ends_every_session_that_had_the_former_one(
    office: Office, there: SaysAnything
) -> None:
    async with a_browser(office, there) as at_work, a_browser(office, there) as at_home:
        await sign_in(at_work, there)
        there.claims["roles"] = ["desk-leads"]
        await sign_in(at_home, there)
        assert await who(at_work) is None
        assert (await who(at_home) or {})["role"] == "lead"
        there.claims["roles"] = []
        await sign_in(at_work, there)
        assert await who(at_home) is None


async def test_whoever_was_let_out_here_stays_out_whatever_the_provider_says(
    office: Office, there: SaysAnything
) -> None:
    async with a_browser(office, there) as browser:
        await sign_in(browser, there)
        async with office.database.begin() as connection:
            await users.change(connection, AMINA, disabled_at=office.clock())
        assert (await sign_in(browser, there)).status_code == 403
        assert await who(browser) is None


async def test_a_session_ends_with_the_providers_word_where_that_ends_first(
    office: Office, there: SaysAnything
) -> None:
    there.claims["exp"] = int(office.clock()) + 300
    async with a_browser(office, there) as browser:
        await sign_in(browser, there)
        office.clock.pass_(299)
        assert await who(browser) is not None
        office.clock.pass_(1)
        assert await who(browser) is None
        there.claims["exp"] = int(office.clock()) + 10**9
        there.claims["iat"] = int(office.clock())
        await sign_in(browser, there)
        office.clock.pass_(12 * 3600)
        assert await who(browser) is None


async def test_a_code_is_good_once_and_in_the_browser_that_set_out(
    office: Office, there: SaysAnything
) -> None:
    async with a_browser(office, there) as browser, a_browser(office, there) as thief:
        given = there.sign_in(await set_out(browser))
        assert (await come_back(thief, **given)).status_code == 403
        await set_out(thief)
        assert (await come_back(thief, **given)).status_code == 403
        assert (await come_back(browser, **{**given, "state": "another"})).status_code == 403
        given = there.sign_in(await set_out(browser))
        assert (await come_back(browser, **given)).status_code == 303
        assert (
            await come_back(browser, **given)
        ).status_code == 403  # what was begun is gone with the cookie
        there.sign_in(await set_out(thief))
        stolen = {**given, "state": there.asked["state"]}
        assert (await come_back(thief, **stolen)).status_code == 403
        assert await who(thief) is None


async def test_an_answer_of_another_provider_is_not_taken_to_ours(
    office: Office, there: SaysAnything
) -> None:
    async with a_browser(office, there) as browser:
        given = there.sign_in(await set_out(browser))
        assert (await come_back(browser, **given, iss="https://evil.example")).status_code == 403
        given = there.sign_in(await set_out(browser))
        assert (await come_back(browser, **given, iss=ISSUER)).status_code == 303


async def test_whoever_does_not_agree_at_the_provider_reads_our_words_and_not_those_of_the_address(
    office: Office, there: SaysAnything
) -> None:
    async with a_browser(office, there) as browser:
        state = there.sign_in(await set_out(browser))["state"]
        said = {"error": "access_denied", "error_description": "call +1 555 0100 at once", "state": state}
        back = await come_back(browser, **said)
        assert back.status_code == 403
        assert "555" not in back.text


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example/", "/\\evil.example", "/a\r\nb"])
async def test_nobody_is_sent_elsewhere_when_they_are_in(
    office: Office, there: SaysAnything, where: str
) -> None:
    async with a_browser(office, there) as browser:
        assert (await sign_in(browser, there, where)).headers["Location"] == "/queue"


async def test_a_cookie_that_somebody_made_up_is_no_sign_in(office: Office, there: SaysAnything) -> None:
    async with a_browser(office, there) as browser:
        for kept in ("", "....", "a.b.c", "a.b.c.//evil", "x" * 4_000):
            browser.cookies.set("samehand-sign-in", kept)
            assert (await come_back(browser, code="code", state="a")).status_code == 403, kept


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there", request=request)


async def test_where_the_provider_is_away_one_page_says_so_and_passwords_still_work(
    office: Office, there: SaysAnything
) -> None:
    await office.hire("omar")
    async with a_browser(office, there) as browser:
        there.answer = away
        page = await browser.get("/sign-in/oidc", follow_redirects=False)
        assert page.status_code == 503
        assert "The service that people sign in with does not answer." in page.text
        there.answer = None
        given = there.sign_in(await set_out(browser))
        there.answer = away
        assert (await come_back(browser, **given)).status_code == 503
        form = {"name": "omar", "password": PASSWORD}
        assert (await browser.post("/sign-in", data=form, follow_redirects=False)).status_code == 303


async def test_a_crowd_at_the_door_is_held_up_before_the_provider_is_asked(
    office: Office, there: SaysAnything
) -> None:
    async with a_browser(office, there) as browser:
        for _ in range(30):
            await set_out(browser)
        page = await browser.get("/sign-in/oidc", follow_redirects=False)
        assert page.status_code == 429
        office.clock.pass_(1)
        await set_out(browser)


async def test_the_audit_tells_of_whoever_came_without_their_name(
    office: Office, there: SaysAnything
) -> None:
    async with a_browser(office, there) as browser:
        await sign_in(browser, there)
    async with office.database.read() as connection:
        lines = await audit.lines(connection, 0, 100)
    assert [(line.action, line.subject) for line in lines] == [("user-added", AMINA), ("signed-in", AMINA)]
    assert "amina" not in "".join(line.detail for line in lines)


async def test_without_a_provider_nothing_is_said_of_one(office: Office) -> None:
    async with browsing(office) as browser:
        assert "/sign-in/oidc" not in (await browser.get("/sign-in")).text
        for where in ("/sign-in/oidc", CALLBACK):
            answer = await browser.get(where, follow_redirects=False)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
