"""Large records are read in a thread, small ones where they are."""

from __future__ import annotations

from threading import get_ident

import pytest

from streams.off_loop import OFF_LOOP_BYTES, off_loop


@pytest.mark.parametrize(
    ("size_bytes", "here"), [(0, True), (OFF_LOOP_BYTES, True), (OFF_LOOP_BYTES + 1, False)]
)
async def test_it_depends_on_the_size_alone(size_bytes: int, here: bool) -> None:
    assert (await off_loop(size_bytes, get_ident) == get_ident()) is here


async def test_what_is_raised_in_the_thread_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        await off_loop(OFF_LOOP_BYTES + 1, lambda: 1 // 0)
