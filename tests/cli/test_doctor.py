"""`samehand doctor`: what is wrong with settings, files, Kafka, Redis, a gate or a desk, and what to do."""

from __future__ import annotations

import os
import re
import socket
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

import pytest
import redis
from sqlalchemy import create_engine, text

from agents.common.distil import ban_of
from agents.runtime.store_factory import peppers_of
from cli.maintain.doctor import kafka, processes
from cli.maintain.doctor import run as doctor
from cli.maintain.doctor.findings import DoctorFinding, fine, wrong
from cli.maintain.doctor.gate import look_at_calls, look_at_keys, look_at_publishing, look_at_reading
from cli.maintain.doctor.kafka import look_at_kafka, look_at_topics
from cli.maintain.doctor.processes import (
    look_at_bridge,
    look_at_database,
    look_at_deliver,
    look_at_desk,
    look_at_gate,
)
from cli.maintain.doctor.redis import look_at_redis
from cli.maintain.doctor.settings import look_at_pepper, look_at_settings
from cli.opening import closing_store, command_context
from cli.running import awaited
from desk.database.engine import look_at_tables, opened
from desk.settings import DeskSettings, load
from gate.keys import new_key
from local.binaries import NotAvailable
from local.ports import LOOPBACK
from local.processes import Child
from local.redis import ADMINISTRATOR, PASSWORD, EmbeddedRedis
from local.redis_cluster import RedisCluster
from store.pepper.pepper import write_pepper_file
from streams.deadletters import control_topic
from streams.deadletters.limit import bound_of
from streams.deadletters.pause import Stop
from streams.errors import TopicsError
from streams.faust_app.start_checks import StartFault
from streams.kafka import topics
from streams.kafka.topics import TopicSpec
from tests.cli.running import Samehand, jsonl, publish
from tests.deliver.receiver import SECRET_TEXT
from tests.desk_databases import on_each_database
from tests.house import ROOT
from tests.makers import a_ban, a_sign_up
from tests.patience import patient


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.maintain.doctor.settings._ANSWER_SECONDS", 0.3)


# `samehand doctor`: what is wrong, and what to do.


@pytest.mark.usefixtures("let_go")
def test_what_is_wrong_is_marked_with_its_cure(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        doctor, "examine", lambda: [fine("settings", "valid"), wrong("Redis", "gone", "start it")]
    )
    ran = samehand("doctor")
    assert ran.code == 1
    assert ran.out == "✓ settings: valid\n✗ Redis: gone\n  → start it\n1 fault, 0 warnings\n"


@pytest.mark.usefixtures("let_go")
def test_programs_get_the_same_as_json(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "examine", lambda: [fine("settings", "valid")])
    ran = samehand("doctor", "--json")
    assert ran.code == 0
    row = {"state": "fine", "about": "settings", "finding": "valid", "cure": ""}
    assert ran.figures == {"healthy": True, "findings": [row]}


@pytest.mark.usefixtures("let_go")
def test_wrong_settings_end_the_examination(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEHAND_LIKELY", "2")
    ran = samehand("doctor")
    assert ran.code == 1
    assert "✗ SAMEHAND_LIKELY" in ran.out


@pytest.mark.usefixtures("let_go")
def test_every_setting_is_listed(samehand: Samehand) -> None:
    ran = samehand("doctor", "--settings")
    assert ran.code == 0
    assert "SAMEHAND_KAFKA_BROKERS (default: 127.0.0.1:9092)" in ran.out


@pytest.mark.usefixtures("let_go")
def test_settings_of_the_main_job_come_first_and_each_other_under_its_subject(samehand: Samehand) -> None:
    heading, *lines = samehand("doctor", "--settings").out.splitlines()
    headings = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    ten = [line.split()[0] for line in lines[: headings[0]] if line.startswith("  SAMEHAND_")]
    assert heading == "The main job:"
    assert len(ten) == 10
    assert ten[:3] == ["SAMEHAND_KAFKA_BROKERS", "SAMEHAND_REDIS_URL", "SAMEHAND_PEPPER_FILE"]
    assert len(headings) == len({lines[number] for number in headings}), "one heading a subject"
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    on_page = re.findall(r"^\| \*\*(.*)\*\*", page, re.MULTILINE)
    assert on_page == ["The main job", *(lines[number].rstrip(":") for number in headings)]


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
def breakable(
    samehand: Samehand, servers: str, pepper_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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


def other_pepper(breakable: House) -> None:
    breakable.enrolled()
    write_pepper_file(breakable.folder / "other")
    breakable.set("PEPPER_FILE", breakable.folder / "other")


def other_sizes(breakable: House) -> None:
    breakable.enrolled()
    breakable.set("STORE_BANS", 3_000)


def emptied(breakable: House) -> None:
    server = breakable.redis()
    breakable.enrolled()
    with server.administrator() as administrator:
        administrator.flushall()


def cannot_save(breakable: House) -> None:
    server = breakable.redis(save="1 1", shutdown_on_sigterm="nosave force")
    breakable.enrolled()
    rmtree(server.folder)  # the disk is gone under it
    with server.administrator() as administrator:
        administrator.execute_command("BGSAVE")
        until(lambda: administrator.info("persistence")["rdb_last_bgsave_status"] == "err")


def cannot_save_from_the_first_day(breakable: House) -> None:
    server = breakable.redis(save="1 1", shutdown_on_sigterm="nosave force")
    rmtree(server.folder)
    with server.administrator() as administrator:
        administrator.set("samehand-x", 1)
        administrator.execute_command("BGSAVE")
        until(lambda: administrator.info("persistence")["rdb_last_bgsave_status"] == "err")


def full(breakable: House) -> None:
    server = breakable.redis()
    breakable.enrolled()
    with server.administrator() as administrator:
        administrator.config_set("maxmemory", "1mb")


def evicts(breakable: House) -> None:
    breakable.redis(maxmemory="100mb", maxmemory_policy="allkeys-lru")


def wrong_password(breakable: House) -> None:
    breakable.set("REDIS_USERNAME", "samehand")
    breakable.file("REDIS_PASSWORD_FILE", "wrong")


def stopped(breakable: House) -> None:
    topics.check(load(), create=True)
    topic = topics.names(load()).created
    stop = control_topic.ControlTopic(load()).stop(topic, Stop("101 dead letters", bound_of(load()).terms))
    awaited(stop)


def taken_port(breakable: House) -> None:
    server = socket.create_server((LOOPBACK, 0))
    breakable.set("WEB_PORT", server.getsockname()[1])
    _HELD.append(server)


_HELD: list[socket.socket] = []


@pytest.fixture
def let_go() -> Iterator[None]:
    """Ports that a test took."""
    yield
    while _HELD:
        _HELD.pop().close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + patient(30)
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
    "other sizes": (other_sizes, "in Redis and 3000 here", "set SAMEHAND_STORE_BANS"),
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
        "PDQ hash",
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


@pytest.mark.usefixtures("let_go")
@pytest.mark.journey
@pytest.mark.parametrize("name", BREAKS)
def test_each_thing_that_breaks_has_its_own_sentence_and_cure(breakable: House, name: str) -> None:
    breaks, said, cure = BREAKS[name]
    breaks(breakable)
    ran = breakable.samehand("doctor", "--json")
    wrongs = [it for it in ran.figures["findings"] if it["state"] == "wrong"]
    assert ran.code == 1
    told = [it for it in wrongs if said in f"{it['about']}: {it['finding']}"]
    assert len(told) == 1, wrongs
    assert cure in told[0]["cure"]
    assert not ran.figures["healthy"]
    others = {it["about"] for it in wrongs} - {told[0]["about"]}
    assert others == set(), "one thing is broken, and one is told"


@pytest.mark.usefixtures("let_go")
@pytest.mark.journey
def test_a_misspelt_setting_is_answered_with_what_was_meant(breakable: House) -> None:
    breakable.set("REDIS_ULR", "redis://elsewhere")
    breakable.set("ZZZ", "1")
    ran = breakable.samehand("doctor")
    assert (
        "SAMEHAND_REDIS_ULR: is not a setting and is ignored\n  → did you mean SAMEHAND_REDIS_URL?" in ran.out
    )
    assert (
        "SAMEHAND_ZZZ: is not a setting and is ignored\n  → `samehand doctor --settings` lists all" in ran.out
    )
    assert "All is well" not in ran.out


@pytest.mark.usefixtures("let_go")
@pytest.mark.journey
def test_where_nothing_is_wrong_a_worker_starts_and_becomes_ready(breakable: House) -> None:
    fresh = breakable.samehand("doctor")
    assert (fresh.code, fresh.out.splitlines()[-1].startswith("A worker would start and be ready")) == (
        0,
        True,
    )
    topics.check(load(), create=True)
    breakable.enrolled()
    begun = breakable.samehand("doctor")
    last = "All is well: a worker would start and be ready."
    assert (begun.code, begun.out.splitlines()[-1]) == (0, last)
    worker = Child([sys.executable, "-m", "cli", "worker"], breakable.folder / "log", dict(os.environ))
    worker.start()
    try:
        url = f"http://{LOOPBACK}:{os.environ['SAMEHAND_WEB_PORT']}/health/ready"
        until_ready(worker, url)
        beside = breakable.samehand("doctor")
        assert (beside.code, "a worker answers at" in beside.out) == (0, True)
    finally:
        worker.stop(60.0)


def until_ready(worker: Child, url: str) -> None:
    deadline = time.monotonic() + patient(90)
    while time.monotonic() < deadline:
        assert worker.pid is not None, worker.last_words()
        try:
            with urllib.request.urlopen(url, timeout=patient(2)):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(worker.last_words())


# What doctor has to say, counted.


# Doctor on settings and secrets.


def test_a_wrong_setting_is_named_without_its_value() -> None:
    settings, (finding,) = look_at_settings({"SAMEHAND_LIKELY": "s3cret"})
    assert settings is None
    assert (finding.state, finding.about) == ("wrong", "SAMEHAND_LIKELY")
    assert "s3cret" not in repr(finding)


def test_traces_are_looked_at_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    _, findings = look_at_settings({"SAMEHAND_TRACES_URL": "http://127.0.0.1:9/v1/traces"})
    assert [(it.state, it.about) for it in findings] == [("fine", "settings"), ("fine", "traces")]
    monkeypatch.setitem(sys.modules, "streams.telemetry.otel", None)
    _, findings = look_at_settings({"SAMEHAND_TRACES_URL": "http://127.0.0.1:9/v1/traces"})
    assert [it.state for it in findings] == ["fine", "wrong"]
    assert "samehand[tracing]" in findings[1].finding


@pytest.mark.parametrize(
    ("mode", "states"), [(0o600, ["fine"]), (0o640, ["fine", "warning"]), (0o644, ["wrong"])]
)
def test_who_may_read_the_pepper_matters(pepper_file: Path, mode: int, states: list[str]) -> None:
    pepper_file.chmod(mode)
    _, findings = look_at_pepper(load({"SAMEHAND_PEPPER_FILE": str(pepper_file)}))
    assert [it.state for it in findings] == states
    secret = pepper_file.read_text().split()[-2]
    assert secret not in repr(findings)


# Doctor on Kafka.


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[topics.TopicFinding]:
    """What the brokers will say of the topics."""
    said: list[topics.TopicFinding] = []
    monkeypatch.setattr(kafka, "kafka_fault", lambda settings: None)
    monkeypatch.setattr(kafka, "stopped_topics", lambda settings: {})
    monkeypatch.setattr(kafka, "former_weights_fault", lambda settings: None)
    monkeypatch.setattr(kafka, "look_at_events", lambda settings: [])
    monkeypatch.setattr(topics, "check", lambda settings, create: said)
    monkeypatch.setattr(topics, "group_fault", lambda settings: "")
    monkeypatch.setattr(topics, "other_workers", lambda settings: [])
    return said


def test_an_adopted_table_of_a_former_release_is_wrong(
    found: list[topics.TopicFinding], monkeypatch: pytest.MonkeyPatch
) -> None:
    stops = StartFault("weights", "adopted", "export it", 78)
    monkeypatch.setattr(kafka, "former_weights_fault", lambda settings: stops)
    last = look_at_kafka(load({}))[-1]
    assert (last.state, last.cure) == ("wrong", "export it")


def test_missing_topics_are_one_finding(found: list[topics.TopicFinding]) -> None:
    found += [topics.TopicFinding("alerts", "missing", ""), topics.TopicFinding("deadletters", "missing", "")]
    assert [it.state for it in look_at_kafka(load({}))] == ["fine", "warning"]
    last = look_at_kafka(load({"SAMEHAND_TOPIC_CREATE": "false"}))[-1]
    assert last.state == "wrong"
    assert "alerts, deadletters" in last.finding


@pytest.mark.parametrize(
    ("specs", "state", "cure"),
    [
        (topics.wanted_by_desk(load({})), "warning", "the process that needs them creates them"),
        ([topics.TopicSpec("users.signups", 0, foreign=True)], "wrong", "nobody here creates them"),
    ],
)
def test_missing_topics_come_with_who_creates_them(
    specs: list[topics.TopicSpec], state: str, cure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = [topics.TopicFinding(it.name, "missing", "") for it in specs]
    monkeypatch.setattr(kafka, "kafka_fault", lambda settings: None)
    monkeypatch.setattr(topics, "check", lambda settings, wanted: missing)
    _, found = look_at_topics(load({}), specs, "")
    assert (found.state, found.cure.startswith(cure)) == (state, True)
    assert specs[0].name in found.finding


def test_a_topic_that_loses_bans_is_wrong(found: list[topics.TopicFinding]) -> None:
    found.append(topics.TopicFinding("accounts.banned", "not-compacted", "is not compacted"))
    last = look_at_kafka(load({}))[-1]
    assert (last.state, last.about) == ("wrong", "topic accounts.banned")
    assert "cleanup.policy=compact" in last.cure


@pytest.mark.parametrize(("shadow", "state"), [("false", "warning"), ("true", "wrong")])
def test_workers_of_another_group_on_the_same_topics_are_named(
    found: list[topics.TopicFinding], monkeypatch: pytest.MonkeyPatch, shadow: str, state: str
) -> None:
    monkeypatch.setattr(topics, "other_workers", lambda settings: ["canary"])
    last = look_at_kafka(load({"SAMEHAND_SHADOW": shadow}))[-1]
    assert (last.state, last.about) == (state, "group")
    assert "group canary read the same topics" in last.finding


def test_brokers_that_fall_silent_later_are_one_finding(
    found: list[topics.TopicFinding], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(settings: object, create: bool) -> None:
        raise TopicsError("cannot be asked")

    monkeypatch.setattr(topics, "check", fail)
    (only,) = look_at_kafka(load({}))
    assert (only.state, only.about) == ("wrong", "Kafka")


def test_a_topic_that_stands_still_is_wrong_under_the_bound_that_stopped_it(
    found: list[topics.TopicFinding], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Stop("101 dead letters", bound_of(load({})).terms)
    monkeypatch.setattr(kafka, "stopped_topics", lambda settings: {"accounts.created": stop})
    last = look_at_kafka(load({}))[-1]
    assert (last.state, last.finding) == ("wrong", "stopped: 101 dead letters")
    assert "samehand letters resume accounts.created" in last.cure
    assert look_at_kafka(load({"SAMEHAND_LETTERS_SHARE": "0.5"}))[-1].state == "warning"


@pytest.mark.journey
def test_values_that_no_worker_reads_are_named_with_their_shape_and_a_cure(servers: str) -> None:
    settings = load()
    topics.check(settings, create=True)
    unreadable = (a_sign_up(f"new-{number}", phone="0301 2345678") for number in range(3))
    publish(topics.names(settings).created, *unreadable)
    finding = look_at_kafka(settings)[-1]
    assert (finding.state, finding.finding) == (
        "warning",
        "phone is unreadable in 3 of the newest 3 records, such as 0••• •••••••",
    )
    assert "--region PK" in finding.cure


@pytest.mark.journey
def test_a_fresh_broker_has_no_topics_yet(servers: str) -> None:
    first, second = look_at_kafka(load())
    assert first.state == "fine"
    assert f"{servers}accounts.banned" in second.finding


# Doctor on Redis and the store in it.


async def looked(settings: DeskSettings) -> list[DoctorFinding]:
    return await look_at_redis(settings, peppers_of(settings))


async def enrol_one(settings: DeskSettings) -> None:
    peppers = peppers_of(settings)
    async with closing_store(settings, peppers) as store:
        await store.open()
        await store.enrol(
            [ban_of(a_ban(), command_context(settings, peppers, store).keyers)], now=time.time()
        )


@pytest.mark.journey
async def test_looking_at_an_empty_redis_leaves_it_empty(
    servers: str, redis_administrator: str, store_prefix: str
) -> None:
    findings = await looked(load())
    assert ("warning", "nothing was enrolled in it yet") in [(it.state, it.finding) for it in findings]
    with redis.Redis.from_url(redis_administrator) as client:
        assert list(client.scan_iter(match=f"{store_prefix}*")) == []


@pytest.mark.journey
async def test_a_store_that_stands_is_fine(servers: str) -> None:
    await enrol_one(load())
    last = (await looked(load()))[-1]
    assert last.state == "fine"
    assert "1 banned" in last.finding


def as_administrator(url: str, folder: Path, **more: str) -> DeskSettings:
    """The settings of somebody who looks with every right."""
    password = folder / "redis-password"
    password.write_text(PASSWORD, "utf-8")
    return load(
        {
            "SAMEHAND_REDIS_URL": url,
            "SAMEHAND_REDIS_USERNAME": ADMINISTRATOR,
            "SAMEHAND_REDIS_PASSWORD_FILE": str(password),
            **more,
        }
    )


@pytest.fixture
def careless() -> Iterator[str]:
    """A Redis that forgets what it likes and keeps nothing."""
    try:
        server = EmbeddedRedis(settings={"maxmemory-policy": "allkeys-lru", "appendonly": "no"}).start()
    except NotAvailable as why:
        pytest.skip(str(why))
    with server:
        yield server.url


@pytest.mark.journey
async def test_a_redis_that_forgets_is_told_how_to_keep(careless: str, tmp_path: Path) -> None:
    findings = await look_at_redis(as_administrator(careless, tmp_path), None)
    told = {it.about: (it.state, it.cure) for it in findings}
    assert told["Redis memory"] == ("warning", "CONFIG SET maxmemory-policy noeviction")
    assert told["Redis persistence"][0] == "warning"


@pytest.mark.journey
async def test_a_worker_sees_it_too_without_the_right_to_read_the_configuration(careless: str) -> None:
    findings = await look_at_redis(load({"SAMEHAND_REDIS_URL": careless}), None)
    assert {"Redis memory", "Redis persistence"} <= {it.about for it in findings if it.state == "warning"}


@pytest.mark.journey
async def test_a_cluster_without_replicas_is_told(tmp_path: Path) -> None:
    try:
        nodes = RedisCluster().start()
    except NotAvailable as why:
        pytest.skip(str(why))
    with nodes:
        settings = as_administrator(f"cluster://{nodes.address}", tmp_path)
        findings = await look_at_redis(settings, None)
    words = [it.finding for it in findings if it.about == "Redis Cluster"]
    assert any(word.startswith("no replica would take over for") for word in words)
    assert [it.finding for it in findings if it.about == "Redis persistence"] == ["appends every write"]


# Doctor on a gate: keys, addresses, what it may read in Redis and write to Kafka.


USER = "samehand-gate"


def states(findings: list[DoctorFinding]) -> list[tuple[str, str]]:
    return [(it.state, it.about) for it in findings]


def test_keys_that_are_not_named_or_not_there_are_wrong(tmp_path: Path) -> None:
    assert states(look_at_keys(load({}))) == [("wrong", "SAMEHAND_GATE_KEYS")]
    (missing,) = look_at_keys(load({"SAMEHAND_GATE_KEYS": str(tmp_path / "keys.json")}))
    assert missing.state == "wrong"
    assert "samehand keys new" in missing.cure


def test_keys_are_counted_and_a_file_without_any_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    settings = load({"SAMEHAND_GATE_KEYS": str(path)})
    path.write_text('{"version": 1, "keys": []}')
    assert states(look_at_keys(settings)) == [("warning", "keys")]
    new_key(path, "sign-up", frozenset({"score"}), 5.0, datetime.now(UTC))
    (found,) = look_at_keys(settings)
    assert (found.state, found.finding) == ("fine", "1 key in force")
    path.write_text("{}}")
    (broken,) = look_at_keys(settings)
    assert (broken.state, broken.about) == ("wrong", "SAMEHAND_GATE_KEYS")
    assert "is no file of keys" in broken.finding


def test_webhooks_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    keys, webhooks = tmp_path / "keys.json", tmp_path / "webhooks.toml"
    new_key(keys, "sign-up", frozenset({"score"}), 5.0, datetime.now(UTC))
    webhooks.write_text("[shop]\nsignature = 'x-hub-signature'\nsecret_file = 'none'\n")
    given = {"SAMEHAND_GATE_KEYS": str(keys), "SAMEHAND_GATE_WEBHOOKS": str(webhooks)}
    assert states(look_at_keys(load(given)))[-1][0] == "wrong"


def test_a_key_for_appeals_needs_a_desk_and_a_secret_that_can_be_used(tmp_path: Path) -> None:
    keys, secret = tmp_path / "keys.json", tmp_path / "secret"
    new_key(keys, "help-desk", frozenset({"appeals"}), 5.0, datetime.now(UTC))
    given = {"SAMEHAND_GATE_KEYS": str(keys)}
    assert states(look_at_keys(load(given))) == [("fine", "keys"), ("warning", "appeals")]
    secret.write_text("no secret")
    given |= {"SAMEHAND_GATE_DESK_URL": "http://desk:6068", "SAMEHAND_GATE_DESK_SECRET_FILE": str(secret)}
    assert ("wrong", "SAMEHAND_GATE_DESK_SECRET_FILE") in states(look_at_keys(load(given)))
    secret.write_text(SECRET_TEXT)
    assert states(look_at_keys(load(given))) == [("fine", "keys")]


@pytest.mark.usefixtures("impatient")
def test_an_address_that_somebody_else_has_is_wrong() -> None:
    with closing(socket.create_server((LOOPBACK, 0))) as taken:
        port = str(taken.getsockname()[1])
        settings = load({"SAMEHAND_GATE_HOST": LOOPBACK, "SAMEHAND_GATE_PORT": port})
        (found,) = look_at_calls(settings)
    assert found.state == "wrong"
    assert "SAMEHAND_GATE_PORT" in found.cure
    assert look_at_calls(settings) == []


def test_rights_that_kafka_does_not_give_are_named_with_the_script_that_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[topics.TopicFinding] = []
    monkeypatch.setattr(kafka, "kafka_fault", lambda settings: None)
    monkeypatch.setattr(topics, "check", lambda settings, wanted: said)
    assert states(look_at_publishing(load({}))) == [("fine", "Kafka"), ("fine", "topics")]
    said.append(
        topics.TopicFinding("accounts.created", "forbidden", "does not allow us to write (Kafka's ACLs)")
    )
    (_, found) = look_at_publishing(load({}))
    assert (found.state, found.about) == ("wrong", "topic accounts.created")
    assert "`samehand topics`" in found.cure

    def fail(settings: object, wanted: object) -> None:
        raise TopicsError("cannot be asked")

    monkeypatch.setattr(topics, "check", fail)
    assert states(look_at_publishing(load({}))) == [("wrong", "Kafka")]


def test_gate_wants_to_write_what_it_publishes_and_nothing_else() -> None:
    wanted = topics.wanted_by_gate(load({}))
    called = topics.names(load({}))
    rights = {it.name: set(it.rights) for it in wanted}
    published = (*called.events, called.actioned, called.verdicts, called.gate_audit)
    assert rights == {name: {"WRITE"} for name in published}
    found = topics.TopicsOnBroker(partitions=1, configs=None, rights=frozenset({"DESCRIBE", "READ"}))
    assert [it.kind for it in topics.compare(wanted[0], found)] == ["forbidden"]


@pytest.fixture
def redis_of_gates() -> Iterator[EmbeddedRedis]:
    """A server that knows the gate's user."""
    rules = (ROOT / "deploy" / "redis" / "gate.acl").read_text("utf-8").split()[2:]
    with EmbeddedRedis() as server:
        with server.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", USER, *rules, ">only tests know it")
        yield server


def its(server: EmbeddedRedis, folder: Path, **more: str) -> DeskSettings:
    (folder / "password").write_text("only tests know it")
    given = {"REDIS_URL": server.url, "REDIS_USERNAME": USER, "REDIS_PASSWORD_FILE": folder / "password"}
    given |= {"PEPPER_FILE": folder / "pepper", "STORE_BANS": "2000", "STORE_REMEMBERED": "2000"}
    given |= {"REDIS_TIMEOUT_MS": "5000", **more}
    return load({f"SAMEHAND_{name}": str(value) for name, value in given.items()})


@pytest.mark.journey
async def test_reading_is_tried_as_the_gates_own_user(redis_of_gates: EmbeddedRedis, tmp_path: Path) -> None:
    write_pepper_file(tmp_path / "pepper")
    settings = its(redis_of_gates, tmp_path)
    peppers = peppers_of(settings)
    assert states(await look_at_reading(settings, None)) == [("warning", "store")]
    assert states(await look_at_reading(settings, peppers)) == [("fine", "store"), ("warning", "store")]
    workers = settings.model_copy(update={"redis_username": "", "redis_password_file": None})
    async with closing_store(workers, peppers) as store:
        await store.open()
    (found,) = await look_at_reading(settings, peppers)
    assert (found.state, found.about) == ("fine", "store")
    with redis_of_gates.administrator() as administrator:
        administrator.execute_command("ACL", "SETUSER", USER, "-evalsha_ro", "-eval_ro")
    (refused,) = await look_at_reading(settings, peppers)
    assert (refused.state, refused.about) == ("wrong", "Redis")
    assert "deploy/redis/gate.acl" in refused.cure


# Doctor on a desk, a deliver process and a bridge: what each needs before it starts.


def with_database(url: str) -> DeskSettings:
    return load({"SAMEHAND_DATABASE_URL": url})


@pytest.fixture
def no_kafka(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Kafka left out; the topics that were asked for."""
    asked: list[str] = []

    def look(settings: DeskSettings, wanted: list[TopicSpec], *_: object) -> list[DoctorFinding]:
        asked.extend(topic.name for topic in wanted)
        return []

    monkeypatch.setattr(processes, "look_at_topics", look)
    return asked


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "is not a database address"),
        ("postgresql://a@127.0.0.1:9/b?sslmod=require", "an option is none of PostgreSQL's"),
        ("mysql://root@db/x", "begins neither with"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://nobody@127.0.0.1:1/x", "does not answer"),
        ("sqlite:///no-such-folder/desk.db", "no-such-folder does not exist"),
        ("sqlite:///folder", "folder is a directory"),
        ("sqlite:///binary", "binary is not a database"),
    ],
)
def test_database_that_cannot_be_used_is_wrong(
    url: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("binary").write_bytes(b"no pages of SQLite" * 100)
    [finding] = look_at_database(with_database(url))
    assert (finding.state, finding.about) == ("wrong", "database")
    assert words in finding.finding


def test_database_that_is_not_there_yet_is_not_created(tmp_path: Path) -> None:
    [finding] = look_at_database(with_database(f"sqlite:///{tmp_path / 'desk.db'}"))
    assert (finding.state, finding.finding) == ("fine", "no tables yet: a desk that starts creates them")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "desk.db").touch()
    look_at_database(with_database(f"sqlite:///{tmp_path / 'desk.db'}"))
    assert (tmp_path / "desk.db").stat().st_size == 0


@on_each_database
async def test_tables_of_this_release_are_fine(database_url: str) -> None:
    async with opened(database_url):
        pass
    there, wanted = await look_at_tables(database_url)
    assert there == wanted


def test_older_tables_are_to_be_copied_and_later_ones_are_wrong(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0006')"))
    [older] = look_at_database(with_database(f"sqlite:///{path}"))
    assert older.state == "warning"
    assert "are at 0006" in older.finding
    assert "copy the database first" in older.cure
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    [later] = look_at_database(with_database(f"sqlite:///{path}"))
    assert later.state == "wrong"
    assert "later version of samehand" in later.finding
    engine.dispose()


@pytest.mark.usefixtures("impatient")
def test_desk_names_a_taken_address_and_asks_for_its_own_topics(no_kafka: list[str], tmp_path: Path) -> None:
    with (
        closing(socket.create_server((LOOPBACK, 0))) as web,
        closing(socket.create_server((LOOPBACK, 0))) as own,
    ):
        settings = load(
            {
                "SAMEHAND_DATABASE_URL": f"sqlite:///{tmp_path / 'desk.db'}",
                "SAMEHAND_DESK_HOST": LOOPBACK,
                "SAMEHAND_DESK_PORT": str(own.getsockname()[1]),
                "SAMEHAND_WEB_PORT": str(web.getsockname()[1]),
            }
        )
        web.close()
        assert [it.state for it in look_at_desk(settings)] == ["fine", "wrong"]
    assert states(look_at_desk(settings)) == [("fine", "database")]
    assert "desk.audit" in no_kafka


def test_desks_gate_needs_a_key_that_can_be_read(tmp_path: Path) -> None:
    given = {"SAMEHAND_DESK_GATE_URL": "http://gate:6070"}
    assert look_at_gate(load({})) == []
    assert states(look_at_gate(load(given))) == [("wrong", "SAMEHAND_DESK_GATE_KEY_FILE")]
    (tmp_path / "key").write_text("samehand_key")
    given["SAMEHAND_DESK_GATE_KEY_FILE"] = str(tmp_path / "key")
    assert states(look_at_gate(load(given))) == [("fine", "gate")]


def test_deliver_and_bridge_need_their_files(no_kafka: list[str]) -> None:
    with closing(socket.create_server((LOOPBACK, 0))) as web:
        settings = load({"SAMEHAND_WEB_PORT": str(web.getsockname()[1])})
    assert states(look_at_deliver(settings)) == [("wrong", "SAMEHAND_ENDPOINTS")]
    assert "alerts" in no_kafka, "Kafka is looked at all the same"
    no_kafka.clear()
    assert states(look_at_bridge(settings)) == [("wrong", "SAMEHAND_MAPPINGS")]
    assert "deadletters" in no_kafka


def test_command_checks_one_process_at_a_time(samehand: Samehand) -> None:
    ran = samehand("doctor", "--desk", "--deliver")
    assert (ran.code, ran.out) == (2, "")
    assert "--desk and --deliver" in ran.err


def test_command_counts_what_is_wrong_with_the_process_asked_for(
    samehand: Samehand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", "nonsense")
    monkeypatch.setenv("SAMEHAND_KAFKA_BROKERS", f"{LOOPBACK}:1")
    ran = samehand("doctor", "--desk")
    assert ran.code == 1
    assert "✗ database: is not a database address" in ran.out
    assert "All is well" not in ran.out
