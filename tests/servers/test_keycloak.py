"""Signing in with Keycloak itself, as a browser does it. Starting it takes a minute or more."""

from __future__ import annotations

import html
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar.testing import AsyncTestClient

from desk.access.oidc import Configured, IdentityProvider
from desk.database.engine import opened
from desk.web.app import create_app
from desk.web.single_sign_on import CALLBACK
from local.binaries import NotAvailable
from tests.desk.people import an_office
from tests.servers.keycloak import ADMIN, EmbeddedKeycloak, keycloak_home

DESK = "http://127.0.0.1:6068"
SECRET = secrets.token_urlsafe(16)
PEOPLE = {"amina": ["desk-leads"], "omar": ["desk-people"], "visitor": list[str]()}
SLOW = 60.0  # it compiles its pages when they are first asked for


@pytest.fixture(scope="module")
def keycloak() -> Iterator[str]:
    """The issuer of a realm with a client for the desk and three people."""
    try:
        keycloak_home()
    except NotAvailable as why:
        pytest.skip(str(why))
    with EmbeddedKeycloak() as server, httpx.Client(base_url=server.url, timeout=SLOW) as client:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": ADMIN}
        token = client.post("/realms/master/protocol/openid-connect/token", data=form).json()["access_token"]
        made = client.post("/admin/realms", json=a_realm(), headers={"Authorization": f"Bearer {token}"})
        assert made.status_code == 201, made.text
        yield f"{server.url}/realms/desk"


def a_realm() -> dict[str, Any]:
    mapper = {
        "name": "roles",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-usermodel-realm-role-mapper",
        "config": {"claim.name": "desk.roles", "multivalued": "true", "id.token.claim": "true"},
    }
    client = {
        "clientId": "samehand-desk",
        "secret": SECRET,
        "redirectUris": [f"{DESK}{CALLBACK}"],
        "attributes": {"pkce.code.challenge.method": "S256"},  # without it no code is given out
        "protocolMappers": [mapper],
    }
    people = [
        {
            "username": name,
            "enabled": True,
            "email": f"{name}@example.org",
            "firstName": name,
            "lastName": name,
            "credentials": [{"type": "password", "value": name}],
            "realmRoles": roles,
        }
        for name, roles in PEOPLE.items()
    ]
    roles = [{"name": "desk-leads"}, {"name": "desk-people"}]
    return {
        "realm": "desk",
        "enabled": True,
        "clients": [client],
        "roles": {"realm": roles},
        "users": people,
        "accessTokenLifespan": 1_200,
    }


async def there(where: str, name: str) -> dict[str, str]:
    """What Keycloak sends the browser back with, once somebody has given their password there."""
    async with httpx.AsyncClient(timeout=SLOW) as browser:
        page = await browser.get(where)
        form = re.search(r'action="([^"]+)"', page.text)
        assert form is not None, page.text
        # Its cookies are for https, which browsers take loopback for and httpx does not.
        cookies = "; ".join(f"{one.name}={one.value}" for one in browser.cookies.jar)
        given = {"username": name, "password": name}
        back = await browser.post(html.unescape(form[1]), data=given, headers={"Cookie": cookies})
    assert back.status_code == 302, back.text
    return {key: values[0] for key, values in parse_qs(urlsplit(back.headers["Location"]).query).items()}


async def test_people_of_a_realm_come_in_by_their_roles_and_a_code_is_good_once(
    keycloak: str, tmp_path: Path
) -> None:
    configured = Configured(
        issuer=keycloak,
        client_id="samehand-desk",
        client_secret=SECRET,
        callback=f"{DESK}{CALLBACK}",
        scopes="openid profile",
        roles_claim="desk.roles",
        roles={"desk-leads": "lead", "desk-people": "moderator"},
    )
    async with opened(f"sqlite:///{tmp_path / 'desk.db'}") as database:
        office = an_office(database)
        office.clock.at = time.time()  # as Keycloak's
        app = create_app(office.desk, IdentityProvider(configured))
        found = {}
        for name in PEOPLE:
            async with AsyncTestClient(app, base_url=DESK) as browser:
                begun = await browser.get("/sign-in/oidc", follow_redirects=False)
                kept = browser.cookies["samehand-sign-in"]
                given = await there(begun.headers["Location"], name)
                assert given["iss"] == keycloak
                back = await browser.get(CALLBACK, params=given, follow_redirects=False)
                page = (await browser.get("/view", follow_redirects=False)).text
                role = re.search(r"</bdi>, (\w+)</span>", page)
                found[name] = (back.status_code, role and role[1])
                browser.cookies.clear()
                browser.cookies.set("samehand-sign-in", kept)
                again = await browser.get(CALLBACK, params=given, follow_redirects=False)
                assert again.status_code == 403
                browser.cookies.clear()
                assert (await browser.get("/view", follow_redirects=False)).status_code == 303
        assert found == {"amina": (303, "lead"), "omar": (303, "moderator"), "visitor": (403, None)}
