"""`samehand rebuild`: an emptied store is what it was."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar, cast

import pytest
import redis
from msgspec.structs import replace

from agents.common.tombstones import tombstone
from agents.runtime.store_factory import peppers_of
from cli import rebuild_processes
from cli.commands import rebuild
from cli.commands.doctor.redis import look_at_redis
from cli.rebuild_processes import Processes
from cli.rebuild_processes import _work as work
from cli.run_async import awaited
from cli.store_context import closing_store
from cli.topics import banned_topic
from local.waiting import wait_until
from schemas.accounts import AccountBanned
from schemas.examples import ALERT
from schemas.revisions import COUNTED_MAX
from schemas.verdicts import VerdictGiven
from schemas.wire import encode
from store.base import Ban
from store.errors import StoreRefused, StoreUnavailable
from store.redis import RedisStore
from streams.errors import BrokerUnavailable
from streams.kafka.client import writer
from streams.kafka.store_epoch import known_epoch
from streams.kafka.topics import names
from streams.settings import load
from tests.cli.running import Samehand, jsonl
from tests.makers import NOON, a_ban, a_verdict

pytestmark = pytest.mark.journey

T = TypeVar("T")


def stored(bans: list[AccountBanned]) -> list[Ban | None]:
    async def ask() -> list[Ban | None]:
        settings = load()
        async with closing_store(settings, peppers_of(settings)) as store:
            await store.open()
            return await store.bans([ban.key for ban in bans])

    return awaited(ask())


def during(call: Callable[[RedisStore], Awaitable[T]]) -> T:
    """What a call of the store returns."""

    async def ask() -> T:
        settings = load()
        async with closing_store(settings, peppers_of(settings)) as store:
            await store.open()
            return await call(store)

    return awaited(ask())


def verdict(given: VerdictGiven) -> None:
    with writer(load()) as out:
        out.send(names(load()).verdicts, key=b"any", value=encode(given), headers=[]).get(timeout=60.0)


def lift(ban: AccountBanned) -> None:
    """What expunge publishes for a lifted ban."""
    emit = tombstone(ban.key, NOON.timestamp() + 60, names(load()).banned)
    with writer(load()) as out:
        out.send(emit.topic, key=emit.key, value=None, headers=list(emit.headers)).get(timeout=60.0)


def _killed_after_a_batch(
    plan: Processes, topic: str, ends: dict[int, int], done: dict[int, int], reports: Connection
) -> None:
    """Enrols one batch, as a process does that the system then kills for want of memory."""

    class Killed:
        def send(self, step: object) -> None:
            reports.send(step)
            os.kill(os.getpid(), signal.SIGKILL)

    vars(banned_topic)["BATCH_RECORDS"] = 5  # in a process of its own
    work(plan, topic, ends, done, cast(Connection, Killed()))


def _refused(
    plan: Processes, topic: str, ends: dict[int, int], done: dict[int, int], reports: Connection
) -> None:
    reports.send(StoreRefused("Redis refuses the login"))


def _away(
    plan: Processes, topic: str, ends: dict[int, int], done: dict[int, int], reports: Connection
) -> None:
    reports.send(BrokerUnavailable("Kafka: no record came"))


def _stopped_and_refused(
    plan: Processes, topic: str, ends: dict[int, int], done: dict[int, int], reports: Connection
) -> None:
    """One process is stopped, as by a debugger, and another fails."""
    if 0 in ends:
        os.kill(os.getpid(), signal.SIGSTOP)
    assert wait_until(_a_sibling_is_stopped, 20)
    reports.send(StoreRefused("Redis refuses the login"))


def _a_sibling_is_stopped() -> bool:
    children = Path(f"/proc/{os.getppid()}/task").glob("*/children")
    siblings = [pid for each in children for pid in each.read_text("ascii").split()]
    stats = [Path(f"/proc/{pid}/stat").read_text("utf-8") for pid in siblings]
    states = [stat.rpartition(")")[2].split()[0] for stat in stats]
    return "T" in states


@pytest.fixture
def bans(samehand: Samehand, servers: str, tmp_path: Path) -> list[AccountBanned]:
    """Thirty bans in the topic."""
    made = [a_ban(handle=f"zarqa_bulletin{i}") for i in range(30)]
    assert samehand("enrol", jsonl(tmp_path / "bans.jsonl", *made)).code == 0
    return made


def test_an_emptied_store_is_filled_again(
    samehand: Samehand, bans: list[AccountBanned], redis_administrator: str, store_prefix: str
) -> None:
    lift(bans[0])
    ran = samehand("rebuild", "--json")
    assert ran.code == 0
    counts = ("records", "tombstones", "fingerprints", "bad_records", "resumed_after")
    assert [ran.figures[name] for name in counts] == [31, 1, 29, 0, 0]
    before = stored(bans)
    assert before[0] is None
    with redis.Redis.from_url(redis_administrator) as client:
        client.unlink(*client.scan_iter(match=f"{store_prefix}*"))
    assert samehand("rebuild").code == 0
    assert stored(bans) == before


def test_broken_off_it_goes_on_where_it_was(
    samehand: Samehand, bans: list[AccountBanned], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(banned_topic, "BATCH_RECORDS", 5)
    enrolled = banned_topic._enrol
    calls = 0

    async def failing(*given: object) -> banned_topic.EnrolledBatch:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise StoreRefused("Redis refuses the login")
        return await enrolled(*given)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(banned_topic, "_enrol", failing)
    assert samehand("rebuild").code == 1
    done = calls - 1
    ran = samehand("rebuild", "--json")
    assert ran.code == 0
    assert ran.figures["resumed_after"] == ran.figures["fingerprints"] - ran.figures["records"]
    assert 5 <= ran.figures["resumed_after"] <= 5 * done
    assert None not in stored(bans)
    again = samehand("rebuild", "--json")
    assert again.figures["records"] == 30


def test_several_processes_fill_the_store_as_one_does(
    samehand: Samehand, bans: list[AccountBanned], redis_administrator: str, store_prefix: str
) -> None:
    lift(bans[0])
    assert samehand("rebuild").code == 0
    before = stored(bans)
    with redis.Redis.from_url(redis_administrator) as client:
        client.unlink(*client.scan_iter(match=f"{store_prefix}*"))
    ran = samehand("rebuild", "--processes", "2", "--json")
    assert ran.code == 0, ran.err
    assert [ran.figures[name] for name in ("records", "bans", "tombstones", "fingerprints")] == [
        31,
        30,
        1,
        29,
    ]
    assert stored(bans) == before


def test_a_killed_process_ends_the_rebuild_and_the_next_goes_on(
    samehand: Samehand, bans: list[AccountBanned], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(rebuild_processes, "_work", _killed_after_a_batch)
        ran = samehand("rebuild", "--processes", "2")
    assert (ran.code, "run it again" in ran.err) == (1, True)
    ran = samehand("rebuild", "--processes", "2", "--json")
    assert (ran.code, ran.figures["fingerprints"]) == (0, 30)
    assert ran.figures["resumed_after"] == 30 - ran.figures["records"] > 0


def test_a_process_raises_what_it_met_in_the_command(
    samehand: Samehand, bans: list[AccountBanned], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild_processes, "_work", _refused)
    ran = samehand("rebuild", "--processes", "2")
    assert (ran.code, "Redis refuses the login" in ran.err) == (1, True)


def test_an_outage_that_a_process_waited_out_is_not_waited_out_again(
    samehand: Samehand, bans: list[AccountBanned], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild_processes, "_work", _away)
    ran = samehand("rebuild", "--processes", "2")
    assert (ran.code, "trying again" in ran.err) == (1, False)


@pytest.mark.timeout(60)
def test_a_process_that_is_stopped_holds_no_failure_up(
    samehand: Samehand, bans: list[AccountBanned], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild_processes, "_work", _stopped_and_refused)
    assert samehand("rebuild", "--processes", "2").code == 1


def test_a_process_ends_when_nobody_reads_its_reports(bans: list[AccountBanned]) -> None:
    """As after kill -9 of the command."""
    settings = load()
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe(duplex=False)
    plan = Processes(1, settings, partial(rebuild._enrolling, settings, ""))
    process = spawning.Process(target=work, args=(plan, names(settings).banned, {0: 30, 1: 30}, {}, theirs))
    process.start()
    theirs.close()
    ours.close()
    process.join(timeout=60)
    assert process.exitcode == 0


def test_a_redis_that_does_not_answer_for_a_while_is_waited_for(
    samehand: Samehand,
    bans: list[AccountBanned],
    redis_administrator: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SAMEHAND_REDIS_TIMEOUT_MS", "50")
    monkeypatch.setattr(banned_topic, "BATCH_RECORDS", 10)
    enrolled, calls = banned_topic._enrol, 0

    async def slowed(*given: object) -> banned_topic.EnrolledBatch:
        nonlocal calls
        calls += 1
        if calls == 2:
            with redis.Redis.from_url(redis_administrator) as client:
                client.execute_command("CLIENT", "PAUSE", 1_000, "ALL")
        return await enrolled(*given)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(banned_topic, "_enrol", slowed)
    ran = samehand("rebuild", "--json")
    assert (ran.code, ran.figures["records"], ran.figures["fingerprints"]) == (0, 30, 30)
    assert "trying again" in ran.err
    assert None not in stored(bans)


def test_a_new_store_says_what_the_group_acknowledges_from_now_on(
    samehand: Samehand, bans: list[AccountBanned]
) -> None:
    async def behind() -> dict[str, dict[int, int]]:
        settings = load()
        async with closing_store(settings, peppers_of(settings)) as store:
            await store.open()
            return await store.behind()

    assert samehand("rebuild").code == 0
    noted = awaited(behind())
    assert noted.keys() <= {*names(load()).events, names(load()).verdicts, names(load()).waves}
    assert noted[names(load()).waves] == {}, "waves from the beginning"
    assert {*noted[names(load()).banned].values()} == {0}, "nobody acknowledged anything yet"


def test_lost_alerts_are_known_again(
    samehand: Samehand, bans: list[AccountBanned], redis_administrator: str, store_prefix: str
) -> None:
    """Raised by a former release, which noted no state: that is noted by the first rebuild."""
    matched = replace(ALERT.matched, platform="telegram", account_id=bans[0].account.account_id)
    alert = replace(ALERT, matched=matched, revision=2)
    with writer(load()) as out:
        for told in (replace(alert, revision=1), alert):
            out.send(names(load()).alerts, key=b"any", value=encode(told), headers=[]).get(timeout=60.0)
    verdict(a_verdict(alert.alert_id, "mirror"))
    for noted in (1, 0):  # by then it has a state
        with redis.Redis.from_url(redis_administrator) as client:
            client.unlink(*client.scan_iter(match=f"{store_prefix}*"), "any")
        ran = samehand("rebuild", "--json")
        assert [ran.figures[name] for name in ("alerts", "verdicts", "noted", "bad_records")] == [
            *(1, 1, noted, 0)
        ]
        (known,) = during(lambda store: store.pairs([alert.alert_id]))
        assert known is not None
        assert (known.open, known.account, known.revision) == (True, alert.key, 2)
        assert b"northwind" not in known.payload
    lift(bans[0])
    assert samehand("rebuild", "--from-start").code == 0
    (owed,) = during(lambda store: store.owed("holder", now=NOON.timestamp() + 3_600))
    assert (owed.reason, owed.revision > COUNTED_MAX) == ("ban-forgotten", True)


def test_broken_off_before_its_alerts_the_store_is_not_ready(
    samehand: Samehand,
    bans: list[AccountBanned],
    redis_administrator: str,
    store_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told() -> list[str]:
        found = awaited(look_at_redis(load(), peppers_of(load()), known_epoch(load())))
        return [it.cure for it in found if it.state == "wrong"]

    assert samehand("rebuild").code == 0
    assert told() == []
    with redis.Redis.from_url(redis_administrator) as client:
        client.unlink(*client.scan_iter(match=f"{store_prefix}*"))

    async def away(*given: object) -> None:
        raise StoreUnavailable("Redis did not answer in time")

    with monkeypatch.context() as patch:
        patch.setattr(rebuild, "replay_alerts", away)
        assert samehand("rebuild").code == 1
    assert None not in stored(bans)
    assert told() == ["samehand rebuild"], "workers hold their events, too"
    assert samehand("rebuild").code == 0
    assert told() == []


def test_state_that_cannot_be_read_is_a_bad_record(samehand: Samehand, bans: list[AccountBanned]) -> None:
    with writer(load()) as out:
        for value in (b"{", b'{"since":"2026-03-01T09:30:00Z","version":1}', None):
            out.send(names(load()).state, key=b"0" * 32, value=value, headers=[]).get(timeout=60.0)
    ran = samehand("rebuild", "--json")
    assert (ran.code, ran.figures["bad_records"], ran.figures["alerts"]) == (0, 2, 0)


def test_without_the_topic_it_says_so(samehand: Samehand, servers: str) -> None:
    ran = samehand("rebuild")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--into", "{live}", "--shards", "2"], "is the live one"),
        (["--into", "a prefix", "--shards", "2"], "no prefix"),
        (["--shards", "2"], "only with --into"),
        (["--bans", "2000"], "only with --into"),
        (["--into", "samehand-2", "--shards", "0"], "--shards"),
        (["--drop", "{live}"], "SAMEHAND_STORE_PREFIX"),
        (["--drop", "samehand-2", "--shards", "2"], "--drop takes no other option"),
    ],
)
def test_what_would_harm_the_live_store_is_refused_before_anything_is_asked(
    samehand: Samehand, servers: str, store_prefix: str, words: list[str], told: str
) -> None:
    ran = samehand("rebuild", *(word.format(live=store_prefix) for word in words))
    assert ran.code == 2
    assert told in ran.err


def test_who_may_not_look_at_keys_is_told_so_and_has_closed_nothing(
    samehand: Samehand, bans: list[AccountBanned], redis_user: dict[str, str], store_prefix: str
) -> None:
    if not redis_user:
        pytest.skip("the Redis to test against is somebody's own, and knows no such user")
    ran = samehand("rebuild", "--into", f"{store_prefix}-2", "--shards", "2")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "NOPERM" in ran.err
    assert samehand("rebuild", "--drop", f"{store_prefix}-2").code == 1
    assert samehand("rebuild").code == 0
    assert None not in stored(bans)


def test_a_store_that_is_none_is_not_dropped(samehand: Samehand, servers: str, store_prefix: str) -> None:
    ran = samehand("rebuild", "--drop", f"{store_prefix}-7")
    assert ran.code == 1
    assert "does not exist" in ran.err
