"""Whoever has not signed yet can make a gate hold so many bytes and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from gate.bodies import Bodies, TooMuch


async def sent(*chunks: bytes) -> AsyncIterator[bytes]:
    """A body, as it comes in."""
    for chunk in chunks:
        yield chunk


async def test_a_body_counts_for_as_long_as_it_is_held() -> None:
    bodies = Bodies()
    async with bodies.whole(sent(b"ab", b"", b"c")) as raw:
        assert (raw, bodies.held_bytes) == (b"abc", 3)
    assert bodies.held_bytes == 0


async def test_what_is_too_much_together_is_refused_and_let_go() -> None:
    bodies = Bodies(held_bytes_max=16)
    async with AsyncExitStack() as held:
        for number in range(3):
            await held.enter_async_context(bodies.whole(sent(b"1234"), f"network-{number}"))
        await held.enter_async_context(bodies.whole(sent(b"12"), "network-3"))
        with pytest.raises(TooMuch):
            async with bodies.whole(sent(b"1", b"2", b"3"), "network-4"):
                pass
        assert bodies.held_bytes == 14
        async with bodies.whole(sent(b"12"), "network-4") as raw:
            assert raw == b"12"
    assert bodies.held_bytes == 0
    assert not bodies.of_networks


async def test_one_network_leaves_room_for_the_others() -> None:
    bodies = Bodies(held_bytes_max=16)
    async with bodies.whole(sent(b"123"), "slow"):
        with pytest.raises(TooMuch):
            async with bodies.whole(sent(b"12"), "slow"):
                pass
        async with bodies.whole(sent(b"1234"), "other") as raw:
            assert raw == b"1234"
    assert not bodies.of_networks


async def test_what_never_ends_is_let_go_when_nobody_waits_for_it_any_more() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"12345"
        await asyncio.Event().wait()

    bodies = Bodies()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), bodies.whole(slow()):
            pass
    assert bodies.held_bytes == 0
