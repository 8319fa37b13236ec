"""A coroutine that never waits can still be interrupted."""

from __future__ import annotations

import os
import signal
import time

import pytest

from cli.run_async import awaited


def test_it_answers_what_the_coroutine_answers() -> None:
    async def work() -> int:
        return 7

    assert awaited(work()) == 7


def test_an_interrupt_ends_work_that_never_waits() -> None:
    async def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)  # noqa: ASYNC251  # work that does not wait is what this test is about

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        awaited(work())
    assert time.monotonic() - started < 4
