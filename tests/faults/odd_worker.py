"""A worker with one thing wrong with it, for faults that no signal and no server can bring about.

Run as ``python -m tests.faults.odd_worker slow ACCOUNT``, ``… haunted ACCOUNT``, ``… broken ENDING``,
``… outdated ENDING``, ``… skewed SECONDS`` or ``… impatient SECONDS``, with the settings of any worker. The
product knows nothing of it: what is wrong is put in from here.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

import agents.common.distil
import agents.runtime.worker
import agents.screen
import streams.faust_app.app
from agents.common.distil import remembered_of
from agents.screen import Screen
from samehand.fingerprint.distil import Keyer
from samehand.pictures.stock import NO_STOCK, StockPictures
from schemas.accounts import AccountEvent
from schemas.malformed import Malformed
from schemas.wire import Decoded
from store.base import Remembered
from streams.outcomes import Arrival, Outcome
from streams.settings import load
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.supervisor import supervise
from streams.telemetry import logs

Decode = Callable[..., Decoded[AccountEvent] | Malformed]

HANGS_SECONDS = 3600.0  # far longer than any test waits


def slow(account: str) -> None:
    """The batch with this account's sign-up is never finished."""

    class SlowScreen(Screen):
        async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
            if any(arrival.key == account.encode() for arrival in arrivals):
                await asyncio.sleep(HANGS_SECONDS)
            return await super().__call__(arrivals)

    agents.runtime.worker.Screen = SlowScreen  # type: ignore[attr-defined]  # the one place where a fault may go in


def haunted(account: str) -> None:
    """Distilling this account's sign-up holds the interpreter, as an expression that backtracks does."""

    def holds(
        event: AccountEvent,
        keyers: Sequence[tuple[int, Keyer]],
        stock: StockPictures = NO_STOCK,
        *,
        quote_bio: bool = False,
    ) -> Remembered:
        if event.key == account:
            re.match(r"(a+)+$", "a" * 64 + "b")
        return remembered_of(event, keyers, stock, quote_bio=quote_bio)

    agents.common.distil.remembered_of = holds  # the one place where a fault may go in


def broken(ending: str) -> None:
    """Distilling fails on accounts whose name ends like this: a bug in our own logic."""

    def breaks(
        event: AccountEvent,
        keyers: Sequence[tuple[int, Keyer]],
        stock: StockPictures = NO_STOCK,
        *,
        quote_bio: bool = False,
    ) -> Remembered:
        if event.key.endswith(ending):
            raise RuntimeError(f"a bug met {event.key}")
        return remembered_of(event, keyers, stock, quote_bio=quote_bio)

    agents.common.distil.remembered_of = breaks  # the one place where a fault may go in


def outdated(ending: str) -> None:
    """Sign-ups and changes of accounts whose name ends like this are of a version that it cannot read yet."""

    def reads(decode: Decode) -> Decode:
        def read(raw: bytes | None, *, now: float) -> Decoded[AccountEvent] | Malformed:
            found = decode(raw, now=now)
            late = isinstance(found, Decoded) and found.record.key.endswith(ending)
            return Malformed("unknown-version", "$.version") if late else found

        return read

    for name in ("decode_created", "decode_updated"):
        setattr(agents.screen, name, reads(getattr(agents.screen, name)))


def impatient(seconds: str) -> None:
    """Who does not fetch for so long leaves the group, as aiokafka has it by default after some minutes."""
    streams.faust_app.app.NEVER_SECONDS = float(seconds)  # type: ignore[misc]  # the one place where a fault may go in
    streams.faust_app.app.BUFFER_EVENTS = 10  # type: ignore[misc]  # or all of the stream would have been fetched


def skewed(seconds: str) -> None:
    """The clock of this process alone is ahead by so much, or behind."""
    true_time, ahead = time.time, float(seconds)
    time.time = lambda: true_time() + ahead


FAULTS: dict[str, Callable[[str], None]] = {
    "slow": slow,
    "haunted": haunted,
    "broken": broken,
    "outdated": outdated,
    "impatient": impatient,
    "skewed": skewed,
}


def main(fault: str, how: str) -> int:
    """Puts the fault in, and is a worker from then on, under a supervisor where that is what is tried."""
    FAULTS[fault](how)
    settings = load()
    if fault == "haunted":
        logs.configure(settings.log_level)
        work = partial(agents.runtime.worker.run, settings, lambda app: None)
        return supervise(work, FlightRecorder(settings.data_dir))
    return agents.runtime.worker.run(settings)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
