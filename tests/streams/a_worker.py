"""A whole worker in a process of its own, for tests that kill it: echoes `accounts.created` and
`accounts.updated` to `alerts`.

It is told what to do by its environment: `ECHO_SLOW_SECONDS` a batch, `ECHO_SLOW_COORDINATOR` (seconds until
it tells what is committed), `ECHO_DOWN_FILE` (while it exists the store is down), and by the records:
`poison` is a dead letter, `logic` raises in pure code, `crash` outside of it unless `ECHO_CRASHED_FILE`
exists. With `ECHO_SUPERVISED` it runs under the supervisor, as `samehand worker` does, and more records do
harm: `hang` holds the interpreter, `exit` ends the process, `segfault` kills it, `unforeseen` raises where
nothing may.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from aiokafka.consumer.group_coordinator import (  # type: ignore[import-untyped]  # aiokafka ships no types
    GroupCoordinator,
)
from prometheus_client import CollectorRegistry

from streams import settings
from streams.errors import Transient
from streams.faust_app.app import WorkerApp, register
from streams.faust_app.process import run_worker
from streams.kafka.topics import names
from streams.outcomes import Arrival, Dead, Emit, Outcome, Published, contained
from streams.settings import Settings
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.heartbeat import beat
from streams.supervision.poison_guard import PoisonGuard
from streams.supervision.supervisor import Birth, supervise
from streams.supervision.suspects import Suspects, SuspectTopic, mark_unfinished
from streams.telemetry import logs
from streams.telemetry.metrics import Metrics


def present(name: str) -> bool:
    """Whether the file that a variable names exists."""
    return Path(os.environ.get(name, "/nonexistent")).exists()


def harm(value: bytes) -> None:
    """Do to this process what a record may do that nobody foresaw."""
    if value.startswith(b"hang"):
        re.match(r"(a+)+$", "a" * 64 + "b")  # some thousand years
    if value.startswith(b"exit"):
        os._exit(9)
    if value.startswith(b"segfault"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if value.startswith(b"unforeseen"):
        raise LookupError("unforeseen")


SLOW_SECONDS = float(os.environ.get("ECHO_SLOW_SECONDS", "0"))


def slow_coordinator(seconds: float) -> None:
    """From now on the group's coordinator takes so long to tell what is committed."""
    at_once = GroupCoordinator._do_fetch_commit_offsets

    async def later(coordinator: GroupCoordinator, partitions: object) -> object:
        await asyncio.sleep(seconds)
        return await at_once(coordinator, partitions)

    GroupCoordinator._do_fetch_commit_offsets = later


def crash_once() -> None:
    """Raise what nobody expects, and leave word not to do it again."""
    Path(os.environ["ECHO_CRASHED_FILE"]).touch()
    raise RuntimeError("unexpected")


def main() -> int:
    """The exit code of the worker."""
    given = settings.load()
    if seconds := os.environ.get("ECHO_SLOW_COORDINATOR"):
        slow_coordinator(float(seconds))
    logs.configure(given.log_level)
    if os.environ.get("ECHO_SUPERVISED"):
        return supervise(partial(work, given), FlightRecorder(given.data_dir))
    return work(given)


def work(given: Settings, birth: Birth | None = None) -> int:
    """The worker itself."""
    called = names(given)

    def decide(arrival: Arrival) -> Outcome:
        value = arrival.value or b""
        if value.startswith(b"poison"):
            return Dead("not-json")
        if value.startswith(b"logic"):
            raise KeyError(value)
        return Published((Emit(called.alerts, arrival.key, value),))

    async def handle(arrivals: Sequence[Arrival]) -> list[Outcome]:
        await asyncio.sleep(SLOW_SECONDS)
        if present("ECHO_DOWN_FILE"):
            raise Transient("the store is down")
        if any(arrival.value == b"crash" for arrival in arrivals) and not present("ECHO_CRASHED_FILE"):
            crash_once()
        for arrival in arrivals if birth else ():
            harm(arrival.value or b"")
        return [contained(decide, arrival) for arrival in arrivals]

    read = {"echo": called.created, "echo-too": called.updated}
    metrics, poison_guard = Metrics(CollectorRegistry(), topics=read.values()), None
    if birth:
        suspects = SuspectTopic(given)
        mark_unfinished(suspects, birth)
        metrics.restarted(birth.restarts)
        poison_guard = PoisonGuard(birth.recorder, Suspects(suspects.read), mark=suspects.mark)
    app = WorkerApp(given, metrics, poison_guard=poison_guard)
    if birth:
        limits = {"hang_seconds": given.hang_seconds, "stop_seconds": given.stop_seconds}
        app.beside(partial(beat, birth.recorder, **limits))
    for name, topic in read.items():
        register(app, name, topic, handle)
    return run_worker(app)


if __name__ == "__main__":
    sys.exit(main())
