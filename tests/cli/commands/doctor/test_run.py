"""`samehand doctor`: what is wrong, and what to do."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

import pytest

from cli.commands.doctor import run as doctor
from cli.commands.doctor.findings import fine, wrong
from cli.run_async import awaited
from local.ports import LOOPBACK
from local.processes import Child
from local.redis import EmbeddedRedis
from store.pepper.pepper import write_pepper_file
from streams.deadletters import control_topic
from streams.deadletters.limit import bound_of
from streams.deadletters.pause import Stop
from streams.kafka import topics
from streams.settings import load
from tests.cli.running import Samehand, jsonl
from tests.makers import a_ban


def test_what_is_wrong_is_marked_with_its_cure(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        doctor, "examine", lambda: [fine("settings", "valid"), wrong("Redis", "gone", "start it")]
    )
    ran = samehand("doctor")
    assert ran.code == 1
    assert ran.out == "✓ settings: valid\n✗ Redis: gone\n  → start it\n1 fault, 0 warnings\n"


def test_programs_get_the_same_as_json(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [fine("settings", "valid")])
    ran = samehand("doctor", "--json")
    assert ran.code == 0
    row = {"state": "fine", "about": "settings", "finding": "valid", "cure": ""}
    assert ran.figures == {"healthy": True, "findings": [row]}


def test_wrong_settings_end_the_examination(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEHAND_LIKELY", "2")
    ran = samehand("doctor")
    assert ran.code == 1
    assert "✗ SAMEHAND_LIKELY" in ran.out


def test_every_setting_is_listed(samehand: Samehand) -> None:
    ran = samehand("doctor", "--settings")
    assert ran.code == 0
    assert "SAMEHAND_KAFKA_BROKERS  (default: 127.0.0.1:9092)" in ran.out


Break = Callable[["House"], object]


@dataclass(frozen=True, slots=True)
class House:
    """What a test may break: settings, the folder of files, a Redis of its own where it asks for one."""

    set: Callable[[str, object], None]
    folder: Path
    pepper: Path
    samehand: Samehand
    redis: Callable[..., EmbeddedRedis]

    def file(self, setting: str, text: str | bytes) -> Path:
        """Sets a setting to a new file."""
        path = self.folder / setting.lower()
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.set(setting, path)
        return path

    def enrolled(self) -> None:
        """A store that a worker of these settings made."""
        made = jsonl(self.folder / "bans.jsonl", a_ban(handle="umar"))
        assert self.samehand("enrol", made).code == 0
        assert self.samehand("rebuild", "--bookmark", self.folder / "bookmark").code == 0


@pytest.fixture
def house(
    samehand: Samehand,
    servers: str,
    pepper_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[House]:
    with ExitStack() as running:

        def redis(**directives: str) -> EmbeddedRedis:
            settings = {name.replace("_", "-"): value for name, value in directives.items()}
            server: EmbeddedRedis = running.enter_context(
                EmbeddedRedis(tmp_path / "redis", settings=settings)
            )
            monkeypatch.setenv("SAMEHAND_REDIS_URL", server.url)
            return server

        monkeypatch.setenv("SAMEHAND_WEB_HOST", LOOPBACK)
        with closing(socket.create_server((LOOPBACK, 0))) as free:
            monkeypatch.setenv("SAMEHAND_WEB_PORT", str(free.getsockname()[1]))
        yield House(
            lambda name, value: monkeypatch.setenv(f"SAMEHAND_{name}", str(value)),
            tmp_path,
            pepper_file,
            samehand,
            redis,
        )


def other_pepper(house: House) -> None:
    house.enrolled()
    write_pepper_file(house.folder / "other")
    house.set("PEPPER_FILE", house.folder / "other")


def other_shards(house: House) -> None:
    house.enrolled()
    house.set("STORE_SHARDS", 3)


def emptied(house: House) -> None:
    server = house.redis()
    house.enrolled()
    with server.administrator() as administrator:
        administrator.flushall()


def cannot_save(house: House) -> None:
    server = house.redis(save="1 1", shutdown_on_sigterm="nosave force")
    house.enrolled()
    rmtree(server.folder)  # the disk is gone under it
    with server.administrator() as administrator:
        administrator.execute_command("BGSAVE")
        until(lambda: administrator.info("persistence")["rdb_last_bgsave_status"] == "err")


def cannot_save_from_the_first_day(house: House) -> None:
    server = house.redis(save="1 1", shutdown_on_sigterm="nosave force")
    rmtree(server.folder)
    with server.administrator() as administrator:
        administrator.set("samehand-x", 1)
        administrator.execute_command("BGSAVE")
        until(lambda: administrator.info("persistence")["rdb_last_bgsave_status"] == "err")


def full(house: House) -> None:
    server = house.redis()
    house.enrolled()
    with server.administrator() as administrator:
        administrator.config_set("maxmemory", "1mb")


def evicts(house: House) -> None:
    house.redis(maxmemory="100mb", maxmemory_policy="allkeys-lru")


def wrong_password(house: House) -> None:
    house.set("REDIS_USERNAME", "samehand")
    house.file("REDIS_PASSWORD_FILE", "wrong")


def stopped(house: House) -> None:
    topics.check(load(), create=True)
    topic = topics.names(load()).created
    stop = control_topic.ControlTopic(load()).stop(topic, Stop("101 dead letters", bound_of(load()).terms))
    awaited(stop)


def taken_port(house: House) -> None:
    server = socket.create_server((LOOPBACK, 0))
    house.set("WEB_PORT", server.getsockname()[1])
    _HELD.append(server)


_HELD: list[socket.socket] = []


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    """Ports that a test took."""
    yield
    while _HELD:
        _HELD.pop().close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


BREAKS: Mapping[str, tuple[Break, str, str]] = {
    # what is broken, what doctor says of it, what it says to do
    "no pepper set": (lambda it: it.set("PEPPER_FILE", ""), "PEPPER_FILE: ", "samehand pepper new FILE"),
    "no pepper there": (lambda it: it.pepper.unlink(), "not point to a file", "put its copy there"),
    "pepper of mode 644": (lambda it: it.pepper.chmod(0o644), "everybody may read", "chmod 600"),
    "rubbish as pepper": (lambda it: it.file("PEPPER_FILE", "x").chmod(0o600), "line 1: ", "its copy"),
    "another pepper": (other_pepper, "made with another pepper file", "set SAMEHAND_PEPPER_FILE"),
    "other shards": (other_shards, "shards is 1 in Redis and 3 here", "set SAMEHAND_STORE_SHARDS"),
    "rubbish as weights": (lambda it: it.file("WEIGHTS", "{}"), "weights: cannot be used", "the shipped one"),
    "no such weights": (lambda it: it.set("WEIGHTS", "/no/such"), "SAMEHAND_WEIGHTS", "correct it"),
    "rubbish in the allowlist": (
        lambda it: it.file("ALLOWLIST", "x:1 # fine\n\numar\nx:\n"),
        "allowlist: line 3, 4: not the key of an account, such as x:1076313901",
        "write one key a line",
    ),
    "rubbish in the block-list": (
        lambda it: it.file("AVATAR_BLOCKLIST", "# ours\n" + "0" * 64 + "\nf8f8\n"),
        "avatar_blocklist: line 3: no PDQ hash of 64 hexadecimal digits",
        "samehand hash-avatar",
    ),
    "a list that is no text": (
        lambda it: it.file("ALLOWLIST", b"\xff\xfe"),
        "is not UTF-8",
        "one key a line",
    ),
    "a folder that is not there": (
        lambda it: it.set("DATA_DIR", it.folder / "not" / "there"),
        "not/there cannot be written (No such file or directory)",
        "make the folder",
    ),
    "no port at all": (lambda it: it.set("WEB_PORT", 0), "SAMEHAND_WEB_PORT", "correct it"),
    "a taken port": (taken_port, "is taken by another process", "set SAMEHAND_WEB_PORT"),
    "no broker": (
        lambda it: it.set("KAFKA_BROKERS", "127.0.0.1:1"),
        "127.0.0.1:1 does not listen",
        "start the broker, or set SAMEHAND_KAFKA_BROKERS",
    ),
    "topics nobody makes": (lambda it: it.set("TOPIC_CREATE", "false"), "missing: ", "SAMEHAND_TOPIC_CREATE"),
    "a stopped topic": (stopped, "stopped: 101 dead letters", "samehand letters resume"),
    "no Redis": (
        lambda it: it.set("REDIS_URL", "redis://127.0.0.1:1/0"),
        "Redis cannot be reached: ConnectionError (127.0.0.1:1)",
        "start Redis, or set SAMEHAND_REDIS_URL",
    ),
    "a refused login": (wrong_password, "Redis refuses the login", "SAMEHAND_REDIS_PASSWORD_FILE"),
    "a missing right": (lambda it: it.set("STORE_PREFIX", "another"), "NOPERM", "deploy/redis/users.acl"),
    "an emptied store": (emptied, "it was emptied", "samehand rebuild"),
    "Redis that cannot save": (cannot_save, "MISCONF", "make room there"),
    "Redis that never could save": (cannot_save_from_the_first_day, "MISCONF", "make room there"),
    "Redis that is full": (full, "OutOfMemoryError", "raise its maxmemory"),
    "Redis that evicts": (
        evicts,
        "evicts keys at its memory limit",
        "CONFIG SET maxmemory-policy noeviction",
    ),
}


@pytest.mark.journey
@pytest.mark.parametrize("name", BREAKS)
def test_each_thing_that_breaks_has_its_own_sentence_and_cure(house: House, name: str) -> None:
    breaks, said, cure = BREAKS[name]
    breaks(house)
    ran = house.samehand("doctor", "--json")
    wrongs = [it for it in ran.figures["findings"] if it["state"] == "wrong"]
    assert ran.code == 1
    told = [it for it in wrongs if said in f"{it['about']}: {it['finding']}"]
    assert len(told) == 1, wrongs
    assert cure in told[0]["cure"]
    assert not ran.figures["healthy"]
    others = {it["about"] for it in wrongs} - {told[0]["about"]}
    assert others == set(), "one thing is broken, and one is told"


@pytest.mark.journey
def test_a_misspelt_setting_is_answered_with_what_was_meant(house: House) -> None:
    house.set("REDIS_ULR", "redis://elsewhere")
    house.set("ZZZ", "1")
    ran = house.samehand("doctor")
    assert (
        "SAMEHAND_REDIS_ULR: is not a setting and is ignored\n  → did you mean SAMEHAND_REDIS_URL?" in ran.out
    )
    assert (
        "SAMEHAND_ZZZ: is not a setting and is ignored\n  → `samehand doctor --settings` lists all" in ran.out
    )
    assert "All is well" not in ran.out


@pytest.mark.journey
def test_where_nothing_is_wrong_a_worker_starts_and_becomes_ready(house: House) -> None:
    fresh = house.samehand("doctor")
    assert (fresh.code, fresh.out.splitlines()[-1].startswith("A worker would start and be ready")) == (
        0,
        True,
    )
    topics.check(load(), create=True)
    house.enrolled()
    begun = house.samehand("doctor")
    last = "All is well: a worker would start and be ready."
    assert (begun.code, begun.out.splitlines()[-1]) == (0, last)
    worker = Child([sys.executable, "-m", "cli", "worker"], house.folder / "log", dict(os.environ))
    worker.start()
    try:
        url = f"http://{LOOPBACK}:{os.environ['SAMEHAND_WEB_PORT']}/health/ready"
        until_ready(worker, url)
        beside = house.samehand("doctor")
        assert (beside.code, "a worker answers at" in beside.out) == (0, True)
    finally:
        worker.stop(60.0)


def until_ready(worker: Child, url: str) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert worker.pid is not None, worker.last_words()
        try:
            with urllib.request.urlopen(url, timeout=2.0):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(worker.last_words())
