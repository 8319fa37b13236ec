"""Guessing is slow, and whoever guesses keeps nobody else out."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

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


def test_tries_at_a_name_from_one_network_cost_another_network_none(door: Door) -> None:
    for _ in range(TRIES_AT_ONCE):
        door.ask("amina", THERE)
    with pytest.raises(TriedTooOften):
        door.ask("amina", THERE)
    assert door.lets("amina", HERE)
    assert door.lets("lena", THERE)


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
