"""Clock, errors, outcomes, threads and the address of Redis."""

from __future__ import annotations

import time
from threading import get_ident

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import errors
from streams.clock import Clock, SystemClock
from streams.off_loop import OFF_LOOP_BYTES, off_loop
from streams.outcomes import NOTHING, Arrival, Dead, Emit, Outcome, contained, nothing_after
from streams.redis_address import RedisAddress, parse_redis_address

# The machine's clocks.


async def test_the_system_clock_tells_and_passes_time() -> None:
    clock: Clock = SystemClock()
    assert abs(clock.now() - time.time()) < 5
    before = clock.ticks()
    await clock.sleep(0.01)
    assert clock.ticks() > before


# The error family.


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    tree = errors.__doc__ or ""
    family = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    assert all(kind.__name__ in tree for kind in family)
    assert all(issubclass(kind, errors.StreamsError) for kind in family)


def test_only_outages_are_transient() -> None:
    assert issubclass(errors.BrokerUnavailable, errors.Transient)
    assert not issubclass(errors.BrokerRefused, errors.Transient)


def test_wrong_settings_are_told_in_one_line() -> None:
    assert str(errors.SettingsError({"A": "too small", "B": "missing"})) == "A: too small; B: missing"


# Large records are read in a thread, small ones where they are.


@pytest.mark.parametrize(
    ("size_bytes", "here"), [(0, True), (OFF_LOOP_BYTES, True), (OFF_LOOP_BYTES + 1, False)]
)
async def test_it_depends_on_the_size_alone(size_bytes: int, here: bool) -> None:
    assert (await off_loop(size_bytes, get_ident) == get_ident()) is here


async def test_what_is_raised_in_the_thread_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        await off_loop(OFF_LOOP_BYTES + 1, lambda: 1 // 0)


# Arrivals and outcomes hold personal data and never show it.


def test_an_arrival_shows_its_address_alone() -> None:
    arrival = Arrival("t", 1, 2, b"umar", b"umar@example.org", (("trace", b"umar"),))
    assert arrival.address == "t:1:2"
    assert "umar" not in repr(arrival)
    assert "umar" not in repr(Emit("alerts", b"umar", b"umar"))


def test_pure_code_that_raises_makes_a_dead_letter() -> None:
    def decide(arrival: Arrival) -> Outcome:
        raise ValueError("umar")

    assert contained(decide, Arrival("t", 0, 0, None, None)) == Dead("logic-fault", detail="ValueError")
    assert contained(lambda arrival: NOTHING, Arrival("t", 0, 0, None, None)) == NOTHING


def test_being_told_to_end_is_not_contained() -> None:
    def decide(arrival: Arrival) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        contained(decide, Arrival("t", 0, 0, None, None))


async def test_a_handler_may_have_nothing_to_remember() -> None:
    await nothing_after([Emit("alerts", None, None)])


# One URL for every kind of Redis.


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://h", RedisAddress("standalone", (("h", 6379),))),
        ("redis://h:1/2", RedisAddress("standalone", (("h", 1),), database=2)),
        ("rediss://[::1]:7", RedisAddress("standalone", (("::1", 7),), tls=True)),
        ("unix:///run/redis.sock?db=3", RedisAddress("unix", path="/run/redis.sock", database=3)),
        (
            "sentinel://a,b:2/m?db=1",
            RedisAddress("sentinel", (("a", 26379), ("b", 2)), master="m", database=1),
        ),
        ("cluster://a,b?tls=true", RedisAddress("cluster", (("a", 6379), ("b", 6379)), tls=True)),
    ],
)
def test_each_kind_has_its_form(url: str, address: RedisAddress) -> None:
    assert parse_redis_address(url) == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://h", "must begin with"),
        ("redis://user:pass@h", "no user or password"),
        ("redis://a,b", "several hosts"),
        ("redis://", "no host"),
        ("redis://h:0", "port 0"),
        ("redis://h:http", "no number"),
        ("redis://h/x", "number as its database"),
        ("redis://h?ssl=1", "unknown option 'ssl'"),
        ("sentinel://h", "master's name"),
        ("unix://", "socket's path"),
    ],
)
def test_a_wrong_form_is_told(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_redis_address(url)


@given(st.text(max_size=60))
def test_nothing_but_an_address_or_a_reason_comes_out(url: str) -> None:
    for text in (url, f"redis://{url}", f"sentinel://{url}", f"unix://{url}"):
        try:
            address = parse_redis_address(text)
        except ValueError:
            continue
        assert address.hosts or address.path
