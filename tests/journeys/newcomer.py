"""A newcomer who types the commands of a page of docs, beside a copy of the examples."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from local.binaries import NotAvailable
from local.broker import EmbeddedBroker
from local.ports import LOOPBACK, take_port
from local.processes import Child
from tests.cli.running import ran_in
from tests.house import ROOT

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SECONDS_MAX = 120.0
SAMEHAND = [sys.executable, "-m", "cli"]


def commands(page: str) -> list[str]:
    """The lines of a page that are typed into a shell."""
    return [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]


def answers(url: str) -> bool:
    """Whether a process of ours is ready."""
    try:
        with urllib.request.urlopen(url, timeout=60.0):  # our own
            return True
    except OSError:
        return False


@contextmanager
def held_port() -> Iterator[str]:
    """A free port of this machine, where others test as well."""
    port = take_port()
    try:
        yield str(port.number)
    finally:
        port.release()


class Newcomer:
    """Types what the page says, in a folder of their own beside the examples."""

    def __init__(self, folder: Path, environment: dict[str, str], stack: ExitStack) -> None:
        self.folder, self.environment, self.stack = folder, environment, stack
        self.children: dict[str, Child] = {}
        self.programs = {"samehand": SAMEHAND, "python": [sys.executable]}

    def edits(self, example: str, **replaced: str) -> None:
        """Puts the test's own addresses into a file of the examples: ``_9000="9123"``."""
        path = self.folder / "examples" / example
        text = path.read_text("utf-8")
        for old, new in replaced.items():
            assert old.lstrip("_") in text
            text = text.replace(old.lstrip("_"), new)
        path.write_text(text, "utf-8")

    def types(self, line: str, *, too_early: tuple[str, ...] = ()) -> str:
        """A command that ends; what it printed. It may fail with one of the words `too_early`."""
        given, words = self._words(line)
        environment = {**self.environment, **given}
        if words[: len(SAMEHAND)] == SAMEHAND:
            done = ran_in(self.folder, words[len(SAMEHAND) :], environment)
            assert done.code == 0 or any(said in done.err for said in too_early), done.err
            return done.out
        ran = subprocess.run(
            words,
            cwd=self.folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def starts(self, name: str, line: str, **more: str) -> Child:
        """A command that runs until it is stopped."""
        given, words = self._words(line)
        paths = {key: str(self.folder / it) for key, it in given.items() if not key.endswith("PORT")}
        child = Child(words, self.folder / f"{name}.log", {**self.environment, **paths, **more})
        self.stack.callback(child.stop, 25.0)
        child.start()
        self.children[name] = child
        return child

    def waits(self, true: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + SECONDS_MAX
        while not true():
            gone = [f"{name}: {it.last_words()}" for name, it in self.children.items() if it.pid is None]
            assert not gone, gone
            assert time.monotonic() < deadline, what
            time.sleep(0.1)

    def _words(self, line: str) -> tuple[dict[str, str], list[str]]:
        words = shlex.split(line)
        given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        program, *rest = words[len(given) :]
        return given, [*self.programs[program], *rest]


@pytest.fixture
def own_broker() -> Iterator[str]:
    """A broker that nobody else uses: the page names a topic, and others publish to one of that name."""
    try:
        with EmbeddedBroker() as embedded:
            yield embedded.address
    except NotAvailable as why:
        pytest.skip(str(why))


@contextmanager
def a_newcomer(folder: Path, broker: str, redis_url: str, topic_prefix: str) -> Iterator[Newcomer]:
    shutil.copytree(ROOT / "examples", folder / "examples")
    secret = folder / "hook-secret"
    secret.write_text(SECRET)
    endpoints = folder / "examples/webhook/endpoints.toml"  # children run where the tests do
    endpoints.write_text(endpoints.read_text("utf-8").replace("hook-secret", str(secret)), "utf-8")
    environment = {
        "PYTHONPATH": str(ROOT),
        "SAMEHAND_KAFKA_BROKERS": broker,
        "SAMEHAND_REDIS_URL": redis_url,
        "SAMEHAND_REDIS_TIMEOUT_MS": "2000",
        "SAMEHAND_TOPIC_PREFIX": topic_prefix,
        "SAMEHAND_STORE_PREFIX": f"samehand-{topic_prefix.strip('.-')}",
        "SAMEHAND_KAFKA_GROUP": topic_prefix.strip(".") or "newcomer",
        "SAMEHAND_TOPIC_PARTITIONS": "2",
        "SAMEHAND_WEB_HOST": LOOPBACK,
        "SAMEHAND_DATA_DIR": str(folder / "data"),
        "HOOK_SECRET_FILE": str(secret),
    }
    with ExitStack() as stack:
        yield Newcomer(folder, environment, stack)


@pytest.fixture
def newcomer(tmp_path: Path, own_broker: str, redis_url: str, topic_prefix: str) -> Iterator[Newcomer]:
    with a_newcomer(tmp_path, own_broker, redis_url, topic_prefix) as made:
        yield made
