"""Who comes in: by password, by a provider's word, and how slowly by guessing."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import httpx
import pytest
from joserfc.jwk import OctKey

from desk.access import sessions, sign_in
from desk.access.oidc import ANSWER_BYTES_MAX, NotSignedIn, ProviderUnavailable, SignedIn, user_id_of
from desk.access.passwords import fault_of
from desk.access.sessions import LINK_SECONDS, SESSION_SECONDS_MAX
from desk.access.sign_in import add_user, initials_of, with_link, with_password
from desk.access.throttle import (
    BUCKETS_MAX,
    CELLS,
    GUESSES_MAX,
    KNOWN_SECONDS,
    NETWORK_TRIES_AT_ONCE,
    TRIES_AT_ONCE,
    USED_MAX,
    WAIT_SECONDS_MAX,
    WAITING_MAX,
    Throttle,
    TriedTooOften,
    Try,
)
from desk.database import users
from desk.errors import Conflict, ReviewError, UnusableInput
from tests.desk.people import PASSWORD, Office
from tests.desk.provider import ISSUER, SaysAnything, a_key
from tests.desk_databases import on_each_database
from tests.makers import NOON
from tests.tables import for_each

# Who comes in, and for how long.


IDLE_SECONDS = 1_800.0


async def is_in(office: Office, token: str) -> bool:
    async with office.database.read() as connection:
        found = await sessions.find(connection, token, idle_seconds=IDLE_SECONDS, now=office.clock())
    return found is not None


async def enter(office: Office, name: str, password: str = PASSWORD) -> str | None:
    return await with_password(office.database, name, password, now=office.clock())


async def test_the_right_password_begins_a_session_and_no_other_does(office: Office) -> None:
    await office.hire("amina")
    token = await enter(office, "amina")
    assert token is not None
    assert await is_in(office, token)
    assert await enter(office, "amina", "correct horse batterz") is None
    assert await enter(office, "nobody") is None
    assert await enter(office, "amina", "x" * 100_000) is None


async def test_a_session_ends_when_it_lies_idle_and_after_a_shift_whatever_is_done(office: Office) -> None:
    await office.hire("amina")
    token = await enter(office, "amina")
    assert token is not None
    office.clock.pass_(IDLE_SECONDS - 1)
    assert await is_in(office, token)
    office.clock.pass_(1)
    assert not await is_in(office, token)
    token = await enter(office, "amina")
    assert token is not None
    office.clock.pass_(SESSION_SECONDS_MAX)
    async with office.database.begin() as connection:
        await users.see_session(connection, sessions.digest_of(token), now=office.clock())
    assert not await is_in(office, token)


async def test_somebody_who_left_is_out_at_once(office: Office) -> None:
    reader = await office.hire("amina")
    token = await enter(office, "amina")
    assert token is not None
    async with office.database.begin() as connection:
        await users.change(connection, reader.user_id, disabled_at=office.clock())
    assert not await is_in(office, token)
    assert await enter(office, "amina") is None


@on_each_database
async def test_a_link_signs_in_once_and_not_for_ever(office: Office) -> None:
    reader = await office.hire("amina")
    async with office.database.begin() as connection:
        first = await sessions.link(connection, reader.user_id, now=office.clock())
        second = await sessions.link(connection, reader.user_id, now=office.clock())
    assert await with_link(office.database, first, now=office.clock()) is not None
    assert await with_link(office.database, first, now=office.clock()) is None
    office.clock.pass_(LINK_SECONDS)
    assert await with_link(office.database, second, now=office.clock()) is None
    assert await with_link(office.database, "no such link", now=office.clock()) is None


async def test_the_database_holds_neither_passwords_nor_tokens(office: Office) -> None:
    await office.hire("amina")
    token = await enter(office, "amina")
    assert token is not None
    async with office.database.read() as connection:
        [user] = await users.everybody(connection)
        session = await users.session(connection, sessions.digest_of(token))
    assert user.password is not None
    assert user.password.startswith("$argon2id$")
    assert session is not None
    assert token not in str(session)


@on_each_database
async def test_a_name_is_one_persons(office: Office) -> None:
    await office.hire("amina")
    with pytest.raises(Conflict, match="amina"):
        await office.hire("amina")


@pytest.mark.parametrize(
    ("name", "role", "field"),
    [
        ("", "lead", "name"),
        ("two words", "lead", "name"),
        ("line\nfeed", "lead", "name"),
        ("amina", "owner", "role"),
    ],
)
async def test_what_cannot_be_used_is_named(office: Office, name: str, role: str, field: str) -> None:
    async with office.database.begin() as connection:
        with pytest.raises(UnusableInput) as fault:
            await add_user(connection, name, role, password=None, now=0.0)
    assert fault.value.field == field


@for_each(
    ("name", "initials"),
    [("amina", "A"), ("amina.khan@example.org", "AK"), ("عمر.خان", "عخ"), ("...", ".."), ("a-b-c", "AB")],
)
def test_initials_are_what_colleagues_see(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_a_password_is_long_rather_than_strange() -> None:
    assert fault_of("x" * 11)
    assert not fault_of("x" * 12)
    assert fault_of("x" * 257)


# Whose word is believed, and what it is taken to say.

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


async def test_two_who_come_for_the_first_time_at_once_are_both_let_in(office: Office) -> None:
    """On both databases: the second one finds whom the first one added."""
    person = SignedIn(user_id_of(ISSUER, "1"), "amina", "lead", NOW + 60)
    for _ in range(2):
        assert await sign_in.with_provider(office.database, person, now=NOW)
    async with office.database.read() as connection:
        assert [(one.user_id, one.role) for one in await users.everybody(connection)] == [
            (person.user_id, "lead")
        ]


# Guessing is slow, and whoever guesses keeps nobody else out.

HERE, THERE = "203.0.113.9", "2001:db8::/64"
DAY = 86_400.0


class Door:
    """A throttle, and a clock of the test's own."""

    def __init__(self) -> None:
        self.throttle = Throttle(b"k" * 32)
        self.now = 1_800_000_000.0
        self._nonces = map(str, count())

    def ask(self, name: str, network: str = HERE, *, known: str = "", moment: str = "") -> Try:
        return self.throttle.admit(
            name, network, known=known, moment=moment, nonce=next(self._nonces), now=self.now
        )

    def lets(self, name: str, network: str = HERE, *, known: str = "", moment: str = "") -> bool:
        """Whether it need not wait."""
        self.ask(name, network, known=known, moment=moment)
        return True

    def known(self, name: str, nonce: str = "laptop") -> str:
        signer = self.throttle.signer
        return signer.signed("known", signer.digest(name), self.now + KNOWN_SECONDS, nonce)

    def is_guessed(self, name: str, times: int = 2 * GUESSES_MAX) -> None:
        """Somebody guessed at it from very many networks."""
        for _ in range(times):
            self.throttle.failed(Try(self.throttle.signer.digest(name), None), self.now)

    def wait(self, name: str, network: str = HERE) -> tuple[float, str]:
        with pytest.raises(TriedTooOften) as fault:
            self.ask(name, network)
        return fault.value.wait_seconds, fault.value.moment


@pytest.fixture
def door() -> Door:
    return Door()


def test_network_that_tries_many_names_is_held(door: Door) -> None:
    for number in range(NETWORK_TRIES_AT_ONCE):
        door.ask(f"name-{number}", THERE)
    with pytest.raises(TriedTooOften):
        door.ask("another", THERE)
    assert door.lets("another", HERE)
    assert door.lets("amina", THERE, known=door.known("amina"))


def test_browser_that_the_name_is_known_by_waits_for_no_guesser(door: Door) -> None:
    known = door.known("amina")
    door.is_guessed("amina")
    for _ in range(TRIES_AT_ONCE):
        assert door.ask("amina", HERE, known=known).known
    door.wait("amina")
    door.now += 7 * DAY
    assert door.ask("amina", HERE, known=known).known


@pytest.mark.parametrize(
    "made_up", ["", ".", "..", "9999999999.x.y", "9999999999.laptop." + "0" * 32, "é.é.é"]
)
def test_cookie_that_this_desk_did_not_sign_is_none(door: Door, made_up: str) -> None:
    door.is_guessed("amina")
    for known, moment in ((made_up, ""), ("", made_up), (door.known("lena"), ""), (Door().known("lena"), "")):
        with pytest.raises(TriedTooOften):
            door.ask("amina", known=known, moment=moment)


def test_known_cookie_ends(door: Door) -> None:
    known = door.known("amina")
    door.is_guessed("amina")
    door.now += KNOWN_SECONDS + 1
    door.is_guessed("amina")
    with pytest.raises(TriedTooOften):
        door.ask("amina", known=known)


def test_unknown_browser_waits_once_after_a_hundred_guesses_and_for_a_minute_at_most(door: Door) -> None:
    door.is_guessed("amina", GUESSES_MAX)
    assert door.lets("amina")
    door.is_guessed("amina", 1)
    seconds, _ = door.wait("amina")
    assert seconds == 1.0
    door.is_guessed("amina", 10_000)
    seconds, moment = door.wait("amina")
    assert seconds == WAIT_SECONDS_MAX
    with pytest.raises(TriedTooOften):
        door.ask("amina", moment=moment)
    door.now += seconds
    door.is_guessed("amina", 10_000)
    assert door.lets("amina", moment=moment), "whatever others did meanwhile"


async def test_moment_is_good_for_one_try_of_one_network_and_name(door: Door) -> None:
    door.is_guessed("amina")
    door.is_guessed("lena")
    seconds, moment = door.wait("amina")
    door.now += seconds
    for name, network in (("lena", HERE), ("amina", THERE)):
        with pytest.raises(TriedTooOften):
            door.ask(name, network, moment=moment)
    first, second = door.ask("amina", moment=moment), door.ask("amina", moment=moment)
    async with door.throttle.turn(first):
        pass
    with pytest.raises(TriedTooOften):
        async with door.throttle.turn(second):
            raise AssertionError("a moment was used twice")
    with pytest.raises(TriedTooOften):
        door.ask("amina", moment=moment)


def test_wrong_passwords_are_forgotten_within_two_hours(door: Door) -> None:
    door.is_guessed("amina", 10_000)
    door.now += 3_600.0
    assert door.lets("amina")


def test_clock_that_is_set_back_makes_nobody_wait_longer(door: Door) -> None:
    door.is_guessed("amina")
    door.now -= 400 * DAY
    seconds, moment = door.wait("amina")
    door.now += seconds
    assert door.lets("amina", moment=moment)
    door.now += 3_600.0
    assert door.lets("amina")


async def test_queue_of_strangers_has_an_end_and_who_is_known_does_not_stand_in_it(door: Door) -> None:
    held = asyncio.Event()
    stranger, known = Try("0" * 16, None), door.ask("amina", known=door.known("amina"))

    async def holds() -> None:
        async with door.throttle.turn(stranger):
            await held.wait()

    waiting = [asyncio.ensure_future(holds()) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(TriedTooOften):
        async with door.throttle.turn(stranger):
            raise AssertionError("there was room")
    async with door.throttle.turn(known):
        pass
    held.set()
    await asyncio.gather(*waiting)
    async with door.throttle.turn(stranger):
        pass


def test_who_gives_up_in_the_queue_leaves_no_place_taken(door: Door) -> None:
    async def scene() -> None:
        async with door.throttle.turn(Try("0", None)):
            for _ in range(3 * WAITING_MAX):
                waits = asyncio.ensure_future(_turn(door))
                await asyncio.sleep(0)
                waits.cancel()
                await asyncio.gather(waits, return_exceptions=True)
        await _turn(door)

    asyncio.run(scene())


async def _turn(door: Door) -> None:
    async with door.throttle.turn(Try("0", None)):
        pass


def test_names_that_somebody_makes_up_push_no_count_out(door: Door) -> None:
    door.is_guessed("amina")
    for number in range(3 * CELLS):
        door.throttle.failed(Try(door.throttle.signer.digest(f"made-up-{number}"), None), door.now)
    assert door.wait("amina")[0] == WAIT_SECONDS_MAX


def test_tables_do_not_grow_without_end(door: Door) -> None:
    assert BUCKETS_MAX <= 20_000
    assert USED_MAX >= 50 * 600, "else a moment could be used again while it holds"
