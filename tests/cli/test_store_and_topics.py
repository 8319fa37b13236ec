"""Commands that fill the store from topics, and on what lies there: `rebuild`, `scan`, `letters`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from msgspec.structs import replace

from agents.common.tombstones import tombstone
from agents.enrol import Enrol
from agents.runtime.store_factory import peppers_of
from cli.bookmark import Bookmark
from cli.inputs.event_files import EventFiles
from cli.maintain import rebuild
from cli.maintain.doctor.redis import look_at_redis
from cli.maintain.rebuild import banned_topic
from cli.maintain.rebuild import processes as rebuild_processes
from cli.maintain.rebuild.processes import Processes
from cli.maintain.rebuild.processes import _work as work
from cli.run import scanned_topic
from cli.running import awaited
from local.waiting import wait_until
from schemas.accounts import AccountBanned
from schemas.examples import ALERT
from schemas.revisions import COUNTED_MAX
from schemas.wire import Decoded, decode_scanned
from store.base import Ban
from store.errors import StoreRefused, StoreUnavailable
from store.redis import RedisStore
from streams.deadletters import control_topic
from streams.deadletters.pause import Stop
from streams.errors import BrokerUnavailable
from streams.kafka import topics
from streams.kafka.client import writer
from streams.kafka.store_epoch import known_epoch
from streams.kafka.topics import names
from streams.outcomes import Arrival, Outcome
from streams.settings import load
from tests.cli.errands import SECRET, post_letter, seem_read
from tests.cli.running import Samehand, jsonl, of_store, publish, published
from tests.makers import NOON, a_ban, a_sign_up, a_verdict
from tests.patience import patient

# `samehand rebuild`: an emptied store is what it was.


def stored(bans: list[AccountBanned]) -> list[Ban | None]:
    return of_store(lambda store: store.bans([ban.key for ban in bans]))


def lift(ban: AccountBanned) -> None:
    """What expunge publishes for a lifted ban."""
    emit = tombstone(ban.key, NOON.timestamp() + 60, names(load()).banned)
    with writer(load()) as out:
        out.send(emit.topic, key=emit.key, value=None, headers=list(emit.headers)).get(timeout=patient(60))


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
    assert wait_until(_a_sibling_is_stopped, patient(60))
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


@pytest.mark.journey
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


@pytest.mark.journey
def test_broken_off_it_goes_on_where_it_was(
    samehand: Samehand, bans: list[AccountBanned], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(banned_topic, "BATCH_RECORDS", 5)
    enrolled = Enrol.__call__
    calls = 0

    async def failing(enrol: Enrol, arrivals: Sequence[Arrival]) -> list[Outcome]:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise StoreRefused("Redis refuses the login")
        return await enrolled(enrol, arrivals)

    monkeypatch.setattr(Enrol, "__call__", failing)
    assert samehand("rebuild").code == 1
    done = calls - 1
    ran = samehand("rebuild", "--json")
    assert ran.code == 0
    assert ran.figures["resumed_after"] == ran.figures["fingerprints"] - ran.figures["records"]
    assert 5 <= ran.figures["resumed_after"] <= 5 * done
    assert None not in stored(bans)
    again = samehand("rebuild", "--json")
    assert again.figures["records"] == 30


@pytest.mark.journey
def test_several_processes_fill_the_store_as_one_does_also_after_one_was_killed(
    samehand: Samehand,
    bans: list[AccountBanned],
    redis_administrator: str,
    store_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lift(bans[0])
    assert samehand("rebuild").code == 0
    before = stored(bans)
    with redis.Redis.from_url(redis_administrator) as client:
        client.unlink(*client.scan_iter(match=f"{store_prefix}*"))
    with monkeypatch.context() as patched:
        patched.setattr(rebuild_processes, "_work", _killed_after_a_batch)
        ran = samehand("rebuild", "--processes", "2")
    assert (ran.code, "run it again" in ran.err) == (1, True)
    ran = samehand("rebuild", "--processes", "2", "--json")
    assert ran.code == 0, ran.err
    told = ran.figures
    assert (told["bans"] + told["tombstones"], told["fingerprints"]) == (told["records"], 29)
    assert told["resumed_after"] == 31 - told["records"] > 0
    assert stored(bans) == before


@pytest.mark.journey
@pytest.mark.parametrize(
    ("work", "words", "said"),
    [(_away, "trying again", False), (_stopped_and_refused, "Redis refuses the login", True)],
    ids=["an outage that it waited out is not waited out again", "a stopped one holds the other not up"],
)
def test_the_command_raises_what_a_process_met(
    samehand: Samehand,
    bans: list[AccountBanned],
    monkeypatch: pytest.MonkeyPatch,
    work: Any,
    words: str,
    *,
    said: bool,
) -> None:
    monkeypatch.setattr(rebuild_processes, "_work", work)
    ran = samehand("rebuild", "--processes", "2")
    assert (ran.code, words in ran.err) == (1, said)


@pytest.mark.journey
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
    process.join(timeout=patient(60))
    assert process.exitcode == 0


@pytest.mark.journey
def test_a_redis_that_does_not_answer_for_a_while_is_waited_for(
    samehand: Samehand, bans: list[AccountBanned], redis_administrator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_REDIS_TIMEOUT_MS", "50")
    monkeypatch.setattr(banned_topic, "BATCH_RECORDS", 10)
    enrolled, calls = Enrol.__call__, 0

    async def slowed(enrol: Enrol, arrivals: Sequence[Arrival]) -> list[Outcome]:
        nonlocal calls
        calls += 1
        if calls == 2:
            with redis.Redis.from_url(redis_administrator) as client:
                client.execute_command("CLIENT", "PAUSE", 1_000, "ALL")
        return await enrolled(enrol, arrivals)

    monkeypatch.setattr(Enrol, "__call__", slowed)
    ran = samehand("rebuild", "--json")
    assert (ran.code, ran.figures["records"], ran.figures["fingerprints"]) == (0, 30, 30)
    assert "trying again" in ran.err
    assert None not in stored(bans)


@pytest.mark.journey
def test_a_new_store_says_what_the_group_acknowledges_from_now_on(
    samehand: Samehand, bans: list[AccountBanned]
) -> None:
    assert samehand("rebuild").code == 0
    noted = of_store(RedisStore.behind)
    assert noted.keys() <= {*names(load()).events, names(load()).verdicts, names(load()).waves}
    assert noted[names(load()).waves] == {}, "waves from the beginning"
    assert {*noted[names(load()).banned].values()} == {0}, "nobody acknowledged anything yet"


@pytest.mark.journey
def test_lost_alerts_are_known_again(
    samehand: Samehand, bans: list[AccountBanned], redis_administrator: str, store_prefix: str
) -> None:
    """Raised by a former release, which noted no state: that is noted by the first rebuild."""
    matched = replace(ALERT.matched, platform="telegram", account_id=bans[0].account.account_id)
    alert = replace(ALERT, matched=matched, revision=2)
    publish(names(load()).alerts, replace(alert, revision=1), alert)
    publish(names(load()).verdicts, a_verdict(alert.alert_id, "mirror"))
    for noted in (1, 0):  # by then it has a state
        with redis.Redis.from_url(redis_administrator) as client:
            client.unlink(*client.scan_iter(match=f"{store_prefix}*"), "any")
        ran = samehand("rebuild", "--json")
        assert [ran.figures[name] for name in ("alerts", "verdicts", "noted", "bad_records")] == [
            *(1, 1, noted, 0)
        ]
        (known,) = of_store(lambda store: store.pairs([alert.alert_id]))
        assert known is not None
        assert (known.open, known.account, known.revision) == (True, alert.key, 2)
        assert b"northwind" not in known.payload
    lift(bans[0])
    assert samehand("rebuild", "--from-start").code == 0
    (owed,) = of_store(lambda store: store.owed("holder", now=NOON.timestamp() + 3_600))
    assert (owed.reason, owed.revision > COUNTED_MAX) == ("ban-forgotten", True)


@pytest.mark.journey
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


@pytest.mark.journey
def test_state_that_cannot_be_read_is_a_bad_record(samehand: Samehand, bans: list[AccountBanned]) -> None:
    publish(names(load()).state, b"{", b'{"since":"2026-03-01T09:30:00Z","version":1}', None, key=b"0" * 32)
    ran = samehand("rebuild", "--json")
    assert (ran.code, ran.figures["bad_records"], ran.figures["alerts"]) == (0, 2, 0)


@pytest.mark.journey
def test_without_the_topic_it_says_so(samehand: Samehand, servers: str) -> None:
    ran = samehand("rebuild")
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 1


@pytest.mark.journey
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--into", "{live}", "--bans", "2000"], "is the live one"),
        (["--into", "a prefix", "--bans", "2000"], "no prefix"),
        (["--bans", "2000"], "only with --into"),
        (["--into", "samehand-2", "--bans", "0"], "--bans"),
        (["--drop", "{live}"], "SAMEHAND_STORE_PREFIX"),
        (["--drop", "samehand-2", "--bans", "2000"], "--drop takes no other option"),
    ],
)
def test_what_would_harm_the_live_store_is_refused_before_anything_is_asked(
    samehand: Samehand, servers: str, store_prefix: str, words: list[str], told: str
) -> None:
    ran = samehand("rebuild", *(word.format(live=store_prefix) for word in words))
    assert ran.code == 2
    assert told in ran.err


@pytest.mark.journey
def test_who_may_not_look_at_keys_is_told_so_and_has_closed_nothing(
    samehand: Samehand, bans: list[AccountBanned], redis_user: dict[str, str], store_prefix: str
) -> None:
    if not redis_user:
        pytest.skip("the Redis to test against is somebody's own, and knows no such user")
    ran = samehand("rebuild", "--into", f"{store_prefix}-2", "--bans", "2000")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    assert "NOPERM" in ran.err
    dropping = samehand("rebuild", "--drop", f"{store_prefix}-2")
    assert dropping.code == 1
    assert dropping.err == (
        "samehand: Redis denies its user the command SCAN that the store needs (NOPERM); "
        "deploy/redis/users.acl is for workers, operator.acl for `rebuild --into` and `--drop`\n"
    )
    assert samehand("rebuild").code == 0
    assert None not in stored(bans)


@pytest.mark.journey
def test_a_store_that_is_none_is_not_dropped(samehand: Samehand, servers: str, store_prefix: str) -> None:
    ran = samehand("rebuild", "--drop", f"{store_prefix}-7")
    assert ran.code == 1
    assert "does not exist" in ran.err


# `samehand scan`: existing accounts go through workers, which are nobody here but a group far ahead.


def scanned() -> list[Arrival]:
    return published(names(load()).scanned)


@pytest.mark.journey
def test_scanned_account_has_the_profile_of_today_and_the_age_that_its_line_says(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    seem_read(names(load()).scanned)
    path = jsonl(tmp_path / "a.jsonl", a_sign_up("1"), a_sign_up("2", created_at=NOON), b"{")
    ran = samehand("scan", path, "--json")
    assert (ran.code, ran.figures["scanned"], ran.figures["bad_rows"]) == (0, 2, 1)
    assert ran.err.startswith(f"{path}:3: not-json")
    found = [decode_scanned(arrival.value, now=time.time()) for arrival in scanned()]
    records = {it.record.account.account_id: it.record for it in found if isinstance(it, Decoded)}
    assert {name: it.account.created_at for name, it in records.items()} == {"1": None, "2": NOON}
    assert all(time.time() - it.at < 60.0 for it in records.values())


@pytest.mark.journey
def test_interrupted_scan_continues_with_the_same_files_alone(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    topic = names(load()).scanned
    seem_read(topic)
    path = jsonl(tmp_path / "accounts.jsonl", *(a_sign_up(f"{n}") for n in range(30)))
    bookmark = Bookmark(
        tmp_path / "scan.json", topic, load().kafka_brokers[0], EventFiles("x").digest([path])
    )
    bookmark.write({0: 20})
    ran = samehand("scan", path, "--bookmark", bookmark.path, "--json")
    assert (ran.code, ran.figures["scanned"], ran.figures["resumed_after"]) == (0, 10, 20)
    assert not bookmark.path.exists(), "it is done"
    bookmark.write({0: 20})
    jsonl(path, *(a_sign_up(f"{n}") for n in range(29)))
    ran = samehand("scan", path, "--bookmark", bookmark.path, "--json")
    assert (ran.code, ran.figures["scanned"], ran.figures["resumed_after"]) == (0, 29, 0)


@pytest.mark.journey
def test_second_scan_with_the_bookmark_of_one_that_runs_publishes_nothing(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    seem_read(names(load()).scanned)
    path = jsonl(tmp_path / "accounts.jsonl", a_sign_up())
    bookmark = Bookmark(tmp_path / "scan.json", "", "", "")
    with bookmark.held():
        ran = samehand("scan", path, "--bookmark", bookmark.path)
    assert (ran.code, ran.out, scanned()) == (1, "", [])
    assert ran.err == (
        f"samehand: {bookmark.path}: another run saves its progress there; wait until it ends, or name "
        "another file (--bookmark)\n"
    )
    assert samehand("scan", path, "--bookmark", bookmark.path).code == 0
    assert list(tmp_path.glob(".*")) == [], "no lock is left"


@pytest.mark.journey
def test_file_of_accounts_named_as_the_bookmark_is_refused_and_stays(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    seem_read(names(load()).scanned)
    path = jsonl(tmp_path / "accounts.jsonl", a_sign_up())
    before = path.read_bytes()
    ran = samehand("scan", path, "--bookmark", path)
    assert path.read_bytes() == before
    assert (ran.code, scanned()) == (2, [])
    assert "is read by this command" in ran.err
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Umar")
    for more in ((), ("--from-start",)):
        ran = samehand("scan", path, "--bookmark", letter, *more)
        assert (ran.code, ran.out, scanned()) == (2, "", [])
        assert f"{letter}: is no bookmark" in ran.err
    assert letter.read_text() == "Dear Umar"


@pytest.mark.journey
def test_scan_that_no_worker_reads_ends_and_says_so(
    samehand: Samehand, servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanned_topic, "STALL_SECONDS", 0.5)
    ran = samehand("scan", jsonl(tmp_path / "accounts.jsonl", a_sign_up()), "--json")
    assert (ran.code, ran.figures["scanned"]) == (1, 0)
    assert "workers have read nothing of" in ran.err


@pytest.mark.journey
def test_scan_waits_for_bans_that_were_published_before(
    samehand: Samehand, servers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seem_read(names(load()).scanned)
    assert samehand("enrol", jsonl(tmp_path / "bans.jsonl", a_ban())).code == 0
    monkeypatch.setattr(scanned_topic, "STALL_SECONDS", 0.5)
    ran = samehand("scan", jsonl(tmp_path / "accounts.jsonl", a_sign_up()))
    assert (ran.code, scanned()) == (1, [])
    assert "accounts.banned" in ran.err


# `samehand letters`: dead letters for people.


@pytest.fixture
def created(servers: str) -> str:
    """The topic of sign-ups, made with all others."""
    topics.check(load(), create=True)
    return topics.names(load()).created


@pytest.mark.journey
def test_a_letter_is_listed_shown_and_replayed_once(samehand: Samehand, created: str) -> None:
    letter = post_letter(created, 7)
    post_letter(created, 8, "missing-field")
    listed = samehand("letters", "list", "--reason", "not-json")
    assert letter.address in listed.out
    assert "1 dead letter" in listed.out
    shown = samehand("letters", "list", letter.address)
    assert "umar@example.com" not in listed.out + shown.out
    assert "umar@example.com" in samehand("letters", "list", letter.address, "--value").out
    assert samehand("letters", "replay", letter.address, "--json").figures == {"sent": 1, "gone": []}
    assert samehand("letters", "replay", letter.address, "--json").figures == {"sent": 0, "gone": []}
    assert [(it.key, it.value) for it in published(created)] == [(b"x:1", SECRET)]


@pytest.mark.journey
def test_what_is_dropped_is_done(samehand: Samehand, created: str) -> None:
    post_letter(created, 7)
    assert samehand("letters", "drop", "--all", "--json").figures == {"dropped": 1}
    assert samehand("letters", "list", "--json").figures == {"letters": []}
    (row,) = samehand("letters", "list", "--all", "--json").figures["letters"]
    assert row["done"] == "dropped"


@pytest.mark.journey
def test_a_stopped_topic_goes_on(samehand: Samehand, created: str) -> None:
    ran = samehand("letters", "resume", created)
    assert (ran.code, ran.out) == (0, f"{created} is not stopped: nothing to resume\n")
    awaited(control_topic.ControlTopic(load()).stop(created, Stop("101 dead letters", "100 of 1000")))
    ran = samehand("letters", "resume", created)
    assert (ran.code, ran.out) == (0, f"{created} is resumed; it had stopped: 101 dead letters\n")
    assert control_topic.stopped_topics(load()) == {}
    assert samehand("letters", "resume", created, "--json").figures == {"topic": created, "resumed": False}
    ran = samehand("letters", "resume", "no-such-topic")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    words = published(names(load()).control)
    assert [it.key for it in words] == [created.encode()] * 2, "only what stood was resumed"


@pytest.mark.journey
def test_a_letter_that_is_not_there_is_one_line(samehand: Samehand, created: str) -> None:
    ran = samehand("letters", "list", f"{created}:0:99")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)


@pytest.mark.parametrize("verb", ["replay", "drop"])
def test_all_of_them_must_be_meant(samehand: Samehand, verb: str) -> None:
    ran = samehand("letters", verb)
    assert ran.code == 2
    assert "--all" in ran.err


@pytest.mark.parametrize("address", ["x", "a:b:c", "topic:1", ":1:2"])
def test_what_is_no_address_is_bad_input(samehand: Samehand, address: str) -> None:
    assert samehand("letters", "list", address).code == 2
