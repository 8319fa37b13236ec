"""The servers of the demo: a broker, a Redis, a worker, a gate and a desk, each a process of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from local.broker import EmbeddedBroker
from local.ports import LOOPBACK, take_port
from local.processes import Child
from local.redis import EmbeddedRedis
from store.pepper.pepper import write_pepper_file
from streams.settings import Settings, load

READY_SECONDS_MAX = (
    180.0  # a cold start takes 6 s on two idle cores, 90 s at a load of 15; twice that is a fault
)
SAY_SECONDS = 10.0  # how long a wait is silent
STOP_SECONDS_MAX = 25.0  # above the worker's own longest graceful stop
_ASK_SECONDS = 0.2
_BLIND_SHARE = "SAMEHAND_DESK_BLIND_SHARE"


class NotReady(RuntimeError):  # says what happened; "error" would add nothing
    """A server did not come up; the message ends with the last line of its log."""


@dataclass(frozen=True, slots=True)
class DemoServers:
    """What runs: its settings, the worker's page, and the folder of the logs."""

    settings: Settings
    web: str
    logs: Path
    worker: Child
    gate: str = ""
    """The gate's URL, "" without the extra `gate`."""
    key: str = ""
    """An API key of the gate."""
    desk: str = ""
    """A link that signs in at the desk once, "" without the extra `desk`."""
    audit: str = ""
    """The command that verifies the desk's audit."""


@contextmanager
def demo_servers(folder: Path, say: Callable[[str], None]) -> Iterator[DemoServers]:
    """Starts broker, Redis, worker, gate and desk in a folder, in this order; stops them in the other one.

    `say` gets a line for each start, and for each wait that lasts.

    Raises:
        NotAvailable: the embedded servers do not run on this platform.
        DidNotStart: broker or Redis did not answer.
        NotReady: worker, gate or desk did not come up.
    """
    with ExitStack() as stack:
        say("Starting an embedded Kafka broker and an embedded Redis …")
        broker = stack.enter_context(EmbeddedBroker(folder / "broker"))
        redis = stack.enter_context(EmbeddedRedis(folder / "redis"))
        port = _port(stack)
        pepper = folder / "pepper"
        write_pepper_file(pepper)
        environment = {
            "SAMEHAND_KAFKA_BROKERS": broker.address,
            "SAMEHAND_REDIS_URL": redis.url,
            "SAMEHAND_PEPPER_FILE": str(pepper),
            "SAMEHAND_WEB_HOST": LOOPBACK,
            "SAMEHAND_WEB_PORT": str(port),
            "SAMEHAND_TOPIC_PARTITIONS": "2",
            "SAMEHAND_LETTERS_SHARE": "1.0",  # the sample has broken records on purpose
            "SAMEHAND_LATE_BAN_HOURS": "400000",  # the sample covers a month within a minute
        }
        ours = {name: value for name, value in os.environ.items() if not name.startswith("SAMEHAND_")}
        log = folder / "worker.log"
        worker = Child([sys.executable, "-m", "cli", "worker"], log, environment)
        stack.callback(worker.stop, STOP_SECONDS_MAX)
        starts = _Starts(say)
        web = f"http://{LOOPBACK}:{port}"
        starts.start(worker, "worker", f"{web}/health/ready")
        gate, key = _gate(folder, environment, starts, stack) if find_spec("litestar") else ("", "")
        desk, audit = ("", "")
        if find_spec("sqlalchemy"):
            desk, audit = _desk(folder, environment, starts, stack)
        yield DemoServers(load({**ours, **environment}), web, folder, worker, gate, key, desk, audit)


@dataclass(frozen=True, slots=True)
class _Starts:
    """Starts processes one by one, and says which one is awaited."""

    say: Callable[[str], None]

    def start(self, child: Child, name: str, url: str) -> None:
        """Starts a process and waits until `url` answers. Raises `NotReady`."""
        self.say(f"Starting the {name} …")
        child.start()
        began = said = time.monotonic()
        while (now := time.monotonic()) < began + READY_SECONDS_MAX:
            if child.pid is None:
                raise NotReady(f"the {name} ended with {child.exit_code}: {_last_line(child)}")
            try:
                with urllib.request.urlopen(url, timeout=1.0):  # noqa: S310  # our own loopback address
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(_ASK_SECONDS)
            if now >= said + SAY_SECONDS:
                said = now
                self.say(f"Still waiting for the {name}, {now - began:.0f} s; its log: {child.log}")
        raise NotReady(f"the {name} was not ready after {READY_SECONDS_MAX:.0f} s: {_last_line(child)}")


def _port(stack: ExitStack) -> int:
    """Takes a free port until the stack ends."""
    taken = take_port()
    stack.callback(taken.release)
    return taken.number


def _last_line(child: Child) -> str:
    return (child.last_words().splitlines() or ["it logged nothing"])[-1]


def _desk(folder: Path, environment: Mapping[str, str], starts: _Starts, stack: ExitStack) -> tuple[str, str]:
    """Starts a desk with one lead. Returns the link by which they sign in once, and the command that verifies
    the audit of their decisions."""
    port, watched = _port(stack), _port(stack)
    own = {
        **environment,
        "SAMEHAND_DATABASE_URL": f"sqlite:///{folder / 'desk.db'}",
        "SAMEHAND_DESK_HOST": LOOPBACK,
        "SAMEHAND_DESK_PORT": str(port),
        # So that of ten decisions some are blind, and figures move: by the usual share one in five has none.
        _BLIND_SHARE: os.environ.get(_BLIND_SHARE, "0.3"),
        "SAMEHAND_WEB_PORT": str(watched),
    }
    desk = Child([sys.executable, "-m", "cli", "desk"], folder / "desk.log", own)
    stack.callback(desk.stop, STOP_SECONDS_MAX)
    starts.start(desk, "desk", f"http://{LOOPBACK}:{port}/sign-in")
    add = ("desk", "users", "add", "demo", "--role", "lead", "--link", "--json")
    try:
        added = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-m", "cli", *add],
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            timeout=READY_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired as fault:
        raise NotReady(f"`samehand {shlex.join(add)}` took more than {READY_SECONDS_MAX:.0f} s") from fault
    if added.returncode != 0:
        raise NotReady(f"nobody could be added to the desk: {added.stderr.strip()}")
    needed = [f"{name}={own[name]}" for name in ("SAMEHAND_KAFKA_BROKERS", "SAMEHAND_DATABASE_URL")]
    verify = shlex.join(["env", *needed, sys.executable, "-m", "cli", "desk", "audit", "verify"])
    return str(json.loads(added.stdout)["link"]), verify


def _gate(folder: Path, environment: Mapping[str, str], starts: _Starts, stack: ExitStack) -> tuple[str, str]:
    """Starts a gate. Returns its URL and a key for it."""
    from gate.keys import new_key

    keys = folder / "keys.json"
    key = new_key(keys, "demo", frozenset({"score", "alerts"}), 50.0, datetime.now(UTC))
    port, watched = _port(stack), _port(stack)
    own = {
        "SAMEHAND_GATE_KEYS": str(keys),
        "SAMEHAND_GATE_HOST": LOOPBACK,
        "SAMEHAND_GATE_PORT": str(port),
        "SAMEHAND_WEB_PORT": str(watched),
        # A machine that plays all parts at once is slow, and the first call meets a cold process.
        "SAMEHAND_GATE_DEADLINE_MS": "10000",
    }
    gate = Child([sys.executable, "-m", "cli", "gate"], folder / "gate.log", {**environment, **own})
    stack.callback(gate.stop, STOP_SECONDS_MAX)
    starts.start(gate, "gate", f"http://{LOOPBACK}:{watched}/health/ready")
    return f"http://{LOOPBACK}:{port}", key
