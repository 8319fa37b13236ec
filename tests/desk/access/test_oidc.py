"""Whose word is believed, and what it is taken to say."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from joserfc.jwk import OctKey

from desk.access import sign_in
from desk.access.oidc import ANSWER_BYTES_MAX, NotSignedIn, ProviderUnavailable, SignedIn, user_id_of
from desk.database import users
from desk.database.engine import Database
from desk.errors import ReviewError
from tests.desk.access.provider import ISSUER, SaysAnything, a_key
from tests.desk.people import an_office
from tests.makers import NOON

NOW = NOON.timestamp()


@pytest.fixture
def there() -> SaysAnything:
    return SaysAnything(now=lambda: NOW)


async def comes(there: SaysAnything, **agreed: Any) -> SignedIn:
    provider = there.provider(**agreed)
    where, begun = await provider.begin("/queue")
    given = there.sign_in(where)
    return await provider.finish(begun, state=given["state"], code=given["code"], issuer=None, now=NOW)


async def test_who_came_is_known_by_a_digest_of_issuer_and_subject(there: SaysAnything) -> None:
    came = await comes(there)
    assert came == SignedIn(user_id_of(ISSUER, "4711"), "amina.khan", "moderator", int(NOW) + 3_600)
    assert user_id_of("https://a", "bc") != user_id_of("https://ab", "c")
    assert len(came.user_id) == 32


@pytest.mark.parametrize(
    "untrue",
    [
        {"iss": "https://id.example.org/realms/other"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": ["samehand-desk", "another-client"]},  # of several, it must say which asked for it
        {"aud": ["samehand-desk", "another-client"], "azp": "another-client"},
        {"exp": int(NOW) - 61},
        {"exp": None},
        {"exp": "never"},
        {"iat": int(NOW) + 61},
        {"nbf": int(NOW) + 61},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 4711},
        {"sub": "x" * 256},
    ],
    ids=str,
)
async def test_a_word_that_does_not_hold_is_not_believed(there: SaysAnything, untrue: dict[str, Any]) -> None:
    there.claims |= untrue
    with pytest.raises(NotSignedIn):
        await comes(there)


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # what is deprecated is what is tried
async def test_a_word_that_is_signed_by_nobody_or_by_others_is_not_believed(there: SaysAnything) -> None:
    there.algorithm, there.signs_with = "none", OctKey.generate_key(256)
    with pytest.raises(NotSignedIn):
        await comes(there)
    # The provider's public key, which everybody has, is taken for a secret that both sides share.
    there.algorithm, there.shared = "HS256", a_key().as_pem(private=False)
    with pytest.raises(NotSignedIn):
        await comes(there)
    there.algorithm, there.shared, there.signs_with = "RS256", b"", a_key("second")
    with pytest.raises(NotSignedIn):
        await comes(there)
    there.signs_with, there.keys = None, [a_key("second"), a_key()]
    assert (await comes(there)).role == "moderator"


@pytest.mark.parametrize(
    ("held", "role"),
    [
        (["desk-people", "desk-leads"], "lead"),  # the first of the table, in whatever order they come
        ("desk-audit", "auditor"),
        (["everybody"], None),
        ([], None),
        (None, None),
        ({"desk-leads": True}, None),
        (["DESK-LEADS", "desk-leads "], None),
        ([["desk-leads"], 1, None], None),
        ("desk-leads,desk-people", None),
    ],
    ids=str,
)
async def test_the_role_is_the_first_of_the_table_that_somebody_has(
    there: SaysAnything, held: object, role: str | None
) -> None:
    there.claims["roles"] = held
    assert (await comes(there)).role == role


async def test_a_role_may_lie_within_another_claim_or_in_one_whose_name_has_dots(there: SaysAnything) -> None:
    there.claims |= {"roles": None, "realm_access": {"roles": ["desk-leads"]}}
    assert (await comes(there, roles_claim="realm_access.roles")).role == "lead"
    there.claims |= {"https://example.org/desk.roles": ["desk-audit"]}
    assert (await comes(there, roles_claim="https://example.org/desk.roles")).role == "auditor"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"preferred_username": "  "}, user_id_of(ISSUER, "4711")[:8]),
        ({"preferred_username": None, "email": "amina@example.org"}, "amina@example.org"),
        ({"preferred_username": "a b\u202ec\x00"}, "a.b.c."),
        ({"preferred_username": "x" * 1_000}, "x" * 100),
        ({"preferred_username": ["amina"], "name": "Amina Khan"}, "Amina.Khan"),
    ],
    ids=ascii,
)
async def test_a_name_is_what_colleagues_can_read(
    there: SaysAnything, given: dict[str, Any], name: str
) -> None:
    there.claims |= given
    assert (await comes(there)).name == name


def too_long(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b" " * (ANSWER_BYTES_MAX + 1))


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody there", request=request)


@pytest.mark.parametrize(
    "answer",
    [
        away,
        too_long,
        lambda _: httpx.Response(503),
        lambda _: httpx.Response(404),
        lambda _: httpx.Response(302, headers={"Location": "https://evil.example"}),
        lambda _: httpx.Response(200, content=b"<html>"),
        lambda _: httpx.Response(200, content=b"[" * 100_000),
        lambda _: httpx.Response(200, json=[1]),
        lambda _: httpx.Response(200, json={}),
        lambda _: httpx.Response(200, content=b"x", headers={"Content-Encoding": "gzip"}),
    ],
)
async def test_what_is_no_answer_of_a_provider_is_told_as_one_that_is_away(
    there: SaysAnything, answer: Any
) -> None:
    there.answer = answer
    with pytest.raises(ProviderUnavailable):
        await there.provider().begin("/queue")


async def test_a_provider_that_goes_away_half_way_lets_nobody_in(there: SaysAnything) -> None:
    provider = there.provider()
    where, begun = await provider.begin("/queue")
    given = there.sign_in(where)
    there.answer = away
    with pytest.raises(ProviderUnavailable):
        await provider.finish(begun, **given, issuer=None, now=NOW)


@pytest.mark.parametrize(
    "keys", ["text", [1, {"kty": "RSA"}], [{"kty": "RSA", "n": "!", "e": "AQAB"}], {}, None]
)
async def test_keys_that_cannot_be_read_let_nobody_in(there: SaysAnything, keys: object) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/jwks_uri"):
            return httpx.Response(200, json={"keys": keys})
        there.answer = None
        told = there._answers(request)
        there.answer = answer
        return told

    there.answer = answer
    with pytest.raises(ReviewError):
        await comes(there)


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": "https://id.example.org/realms/other"},
        {"authorization_endpoint": "http://id.example.org/login"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "javascript://localhost/%0aalert(1)"},
        {"token_endpoint": None},
        {"token_endpoint": "http://169.254.169.254/"},
        {"jwks_uri": "http://[::1/"},
    ],
    ids=str,
)
async def test_addresses_that_anybody_could_read_on_the_way_are_not_used(
    there: SaysAnything, told: dict[str, Any]
) -> None:
    there.addresses |= told
    with pytest.raises(ProviderUnavailable):
        await there.provider().begin("/queue")


async def test_two_who_come_for_the_first_time_at_once_are_both_let_in(database: Database) -> None:
    """On both databases: the second one finds whom the first one added."""
    office = an_office(database)
    person = SignedIn(user_id_of(ISSUER, "1"), "amina", "lead", NOW + 60)
    for _ in range(2):
        assert await sign_in.with_provider(office.database, person, now=NOW)
    async with office.database.read() as connection:
        assert [(one.user_id, one.role) for one in await users.everybody(connection)] == [
            (person.user_id, "lead")
        ]
