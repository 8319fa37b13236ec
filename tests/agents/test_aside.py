"""Only a batch that may hold pictures leaves the event loop."""

from __future__ import annotations

import threading

import pytest

from agents.aside import aside
from tests.makers import arrival


@pytest.mark.parametrize(
    ("value", "elsewhere"),
    [(b'{"account":{"avatar":{"image":"aGk="}}}', True), (b"{}", False), (None, False)],
)
async def test_a_batch_with_a_picture_is_read_in_a_thread(value: bytes | None, elsewhere: bool) -> None:
    there = await aside([arrival(b"{}"), arrival(value)], threading.get_ident)
    assert (there != threading.get_ident()) is elsewhere


async def test_a_defect_of_reading_comes_out() -> None:
    def fails() -> None:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        await aside([arrival(b'{"image":1}')], fails)
