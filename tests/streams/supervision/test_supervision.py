"""A worker's process and its supervisor: what ends it, what is set aside, and who looks after it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from schemas.letters import DeadLetter
from schemas.wire import Decoded, decode_letter
from streams.deadletters.control_topic import stopped_topics
from streams.errors import BrokerUnavailable, Transient
from streams.kafka.store_epoch import known_epoch
from streams.outcomes import NOTHING, Arrival, Dead, Outcome
from streams.supervision import exit_codes, heartbeat
from streams.supervision import suspects as suspecting
from streams.supervision.exit_codes import (
    EXIT_ADDRESS,
    EXIT_BROKER,
    EXIT_CONFIG,
    EXIT_FAILED,
    EXIT_FORCED,
    EXIT_OK,
    EXIT_STUCK,
)
from streams.supervision.flight_recorder import SLOT_BYTES, SLOTS, FlightRecorder, InHand, OffsetSpan
from streams.supervision.gc_tuning import OBJECTS, collect_seldom
from streams.supervision.heartbeat import STOP_MARGIN_SECONDS, beat
from streams.supervision.poison_guard import REASON, PoisonGuard, ReadersWriterLock, unguarded, waiting
from streams.supervision.supervisor import KILLED, RESTARTS_MAX, Birth
from streams.supervision.suspects import ENDS_MAX, Suspect, Suspects, SuspectTopic, mark_unfinished
from tests.house import ROOT
from tests.patience import patient
from tests.streams.conftest import Stage
from tests.streams.supervision.supervised import BUSY_SECONDS
from tests.tables import for_each

# A record that ends whichever worker meets it: the group recovers by itself, and says what it set aside.


SUPERVISED = {"ECHO_SUPERVISED": "1", "SAMEHAND_HANG_SECONDS": "3", "SAMEHAND_SESSION_SECONDS": "3"}
RECOVERY_SECONDS_MAX = 240.0  # four ends of a worker on a busy machine


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"event-%d" % number for number in range(start, start + count)]


def letters(stage: Stage) -> list[DeadLetter]:
    found = [decode_letter(raw, now=4e9) for raw in stage.read(stage.names.letters)]
    return [one.record for one in found if isinstance(one, Decoded)]


@pytest.mark.journey
@pytest.mark.kafka
def test_with_two_workers_the_record_is_set_aside_and_nothing_else_is_lost(kafka_stage: Stage) -> None:
    """It ends the interpreter; one that hangs it is tried on whole workers (tests/faults/test_hangs.py)."""
    stage, good, harm = kafka_stage, numbered(600), b"segfault"
    workers = [stage.start(**SUPERVISED), stage.start(**SUPERVISED)]
    stage.until(
        lambda: all(any(e["event"] == "partitions assigned" for e in stage.events(n)) for n in (0, 1))
    )
    stage.send([*good[:300], harm, *good[300:]])
    took = stage.until(
        lambda: not set(good) - set(stage.echoed()) and len(letters(stage)) == 1, RECOVERY_SECONDS_MAX
    )
    [letter] = letters(stage)
    assert (letter.reason, letter.value) == ("ended-worker", harm)
    # Three, and once more where the other worker had it alone in hand before it could read of the third.
    assert letter.detail.startswith(("ended its worker 3 times", "ended its worker 4 times"))
    assert set(stage.echoed()) == set(good)
    assert all(worker.poll() is None for worker in workers), "the supervisors live"
    ends = sum(
        event["event"] == "the worker ended, starting another" for n in (0, 1) for event in stage.events(n)
    )
    stage.tell(f"segfault: set aside after {ends} ends of a worker, {took:.0f} s")
    # A batch a worker, three alone, and who met it while another hung on it already.
    assert ends <= 2 + 3 + 1


# Every code has one meaning, and every meaning one code.


def test_every_code_has_a_meaning_of_its_own() -> None:
    codes = [value for name, value in vars(exit_codes).items() if name.startswith("EXIT_")]
    assert sorted(codes) == sorted(set(codes)) == sorted(exit_codes.MEANINGS)
    assert len(set(exit_codes.MEANINGS.values())) == len(codes)


# A process that does not end by itself is ended.

HELD_LOOP = """
import asyncio, threading
from streams.supervision.forced_stop import cut_off_after

async def stop():
    cut_off_after(0.2)
    threading.Event().wait()

asyncio.run(stop())
"""

HELD_THREAD = """
import asyncio, threading
from streams.supervision.forced_stop import cut_off_after

async def stop():
    cut_off_after(0.2, lambda: 75)
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)

asyncio.run(stop())
"""


UNREAD_LOG = """
import structlog
from streams.supervision.forced_stop import cut_off_after
from streams.telemetry.logs import configure

configure()
cut_off_after(0.2)
while True:
    structlog.get_logger().error("a line that nobody reads")
"""


def ended(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_log_that_nobody_reads_holds_no_forced_stop_up() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", UNREAD_LOG], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.wait(timeout=30) == EXIT_FORCED
        finally:
            process.kill()


def test_a_held_event_loop_is_cut_off_and_it_is_said() -> None:
    done = ended(HELD_LOOP)
    assert done.returncode == EXIT_FORCED
    assert "stop forced" in done.stdout + done.stderr


def test_so_is_an_end_that_waits_for_a_thread_with_its_code() -> None:
    assert ended(HELD_THREAD).returncode == 75


# Signs of life come from the event loop, and stop with it.


async def test_it_beats_while_the_loop_turns_and_gives_the_stop_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.001)
    recorder = FlightRecorder()
    beating = asyncio.create_task(beat(recorder, hang_seconds=3.0, stop_seconds=20.0))
    await asyncio.sleep(0.1)
    assert recorder.beats > 1
    assert recorder.patience_seconds == 3.0
    beating.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beating
    assert recorder.patience_seconds == 20.0 + STOP_MARGIN_SECONDS


# What a worker was doing outlives it: written by one process, read by the next.


def arrival(offset: int, *, topic: str = "t", partition: int = 0) -> Arrival:
    return Arrival(topic, partition, offset, None, b"a value that must not be kept", timestamp=100.0 + offset)


def test_what_is_in_hand_is_told_as_spans_of_neighbours() -> None:
    recorder = FlightRecorder()
    recorder.slot("screen").note([arrival(3), arrival(4), arrival(7), arrival(1, partition=1)])
    spans = [
        OffsetSpan("t", 0, 3, 4, 103.0),
        OffsetSpan("t", 0, 7, 7, 107.0),
        OffsetSpan("t", 1, 1, 1, 101.0),
    ]
    assert recorder.unfinished() == [InHand("screen", 4, spans)]


def test_deliveries_do_not_disturb_each_other() -> None:
    recorder = FlightRecorder()
    screen, enrol = recorder.slot("screen"), recorder.slot("enrol")
    screen.note([arrival(1)])
    enrol.note([arrival(2)])
    screen.clear()
    assert [hand.name for hand in recorder.unfinished()] == ["enrol"]


def test_a_child_that_was_killed_leaves_word_to_its_parent() -> None:
    recorder = FlightRecorder()
    child = os.fork()
    if child == 0:
        recorder.slot("screen").note([arrival(5)])
        recorder.beat(3.0)
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    [hand] = recorder.unfinished()
    assert hand.spans == [OffsetSpan("t", 0, 5, 5, 105.0)]
    assert (recorder.beats, recorder.patience_seconds) == (1, 3.0)


def test_in_a_folder_it_outlives_every_process_and_holds_no_value(tmp_path: Path) -> None:
    first = FlightRecorder(tmp_path)
    first.slot("screen").note([arrival(5)])
    del first  # as the kernel does with who is killed
    assert [hand.name for hand in FlightRecorder(tmp_path).unfinished()] == ["screen"]
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert b"must not be kept" not in file.read_bytes()


def test_a_folder_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    """The worker makes it anyway, and the first start may be the one that ends badly."""
    FlightRecorder(tmp_path / "new").slot("screen").note([arrival(5)])
    assert [hand.name for hand in FlightRecorder(tmp_path / "new").unfinished()] == ["screen"]


def test_two_that_run_at_once_share_a_folder_and_no_file(tmp_path: Path) -> None:
    one, other = FlightRecorder(tmp_path), FlightRecorder(tmp_path)
    one.slot("screen").note([arrival(5)])
    assert other.unfinished() == []


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path / "not" / "there")
    recorder.slot("screen").note([arrival(5)])
    assert len(recorder.unfinished()) == 1


def test_of_more_spans_than_fit_the_first_are_kept() -> None:
    recorder = FlightRecorder()
    recorder.slot("screen").note([arrival(2 * number, partition=number) for number in range(1000)])
    [hand] = recorder.unfinished()
    assert hand.records == 1000
    assert hand.spans[0] == OffsetSpan("t", 0, 0, 0, 100.0)
    assert 50 < len(hand.spans) < 1000


@pytest.mark.parametrize(
    "rubbish", [b"\xff" * 64, b"\0" * 4 + b'\x05\0\0\0{"a":', b"\0" * 4 + b"\xff\xff\xff\x7f"]
)
def test_rubbish_in_the_file_is_nothing(tmp_path: Path, rubbish: bytes) -> None:
    FlightRecorder(tmp_path)
    [file] = tmp_path.iterdir()
    raw = bytearray(file.read_bytes())
    raw[64 : 64 + len(rubbish)] = rubbish
    file.write_bytes(raw)
    recorder = FlightRecorder(tmp_path)
    assert recorder.unfinished() == []
    recorder.settle()


def test_half_as_many_are_tried_after_more_than_one_ended_it() -> None:
    recorder = FlightRecorder()
    slot = recorder.slot("screen")
    slot.note([arrival(number) for number in range(40)])
    recorder.settle()
    assert (recorder.unfinished(), slot.records_max) == ([], 20)


def test_there_is_room_for_every_delivery_and_an_end_to_it() -> None:
    recorder = FlightRecorder()
    slots = [recorder.slot(f"delivery-{number}") for number in range(SLOTS)]
    for number, slot in enumerate(slots):
        slot.note([arrival(number)])
    assert len(recorder.unfinished()) == SLOTS
    with pytest.raises(ValueError, match=str(SLOTS)):
        recorder.slot("one more")
    assert SLOT_BYTES % 8 == 0


# The parent acts whatever the worker does: hangs, crashes, stops; and no worker outlives it.


WAIT_SECONDS_MAX = 240.0


class Supervised:
    """A supervisor under test and what its workers left word of."""

    def __init__(self, folder: Path, *steps: str, **environment: str) -> None:
        self._births = folder / "births"
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.streams.supervision.supervised", str(folder), *steps],
                cwd=ROOT,
                env={**os.environ, **environment},
                stderr=log,
            )

    @property
    def births(self) -> list[str]:
        return self._births.read_text().splitlines() if self._births.exists() else []

    @property
    def worker(self) -> int:
        return int(self.births[-1].split()[0])

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def until(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + patient(WAIT_SECONDS_MAX)
        while not true():
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.02)

    def ends(self) -> int:
        return self.process.wait(WAIT_SECONDS_MAX)


Start = Callable[..., Supervised]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Supervised] = []

    def starting(*steps: str, **environment: str) -> Supervised:
        started.append(Supervised(tmp_path, *steps, **environment))
        return started[-1]

    yield starting
    for one in started:
        one.process.kill()
        one.process.wait(WAIT_SECONDS_MAX)


def alive(pid: int) -> bool:
    """Whether a process runs: one that is dead and not buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("code", [EXIT_OK, EXIT_BROKER, EXIT_ADDRESS, EXIT_CONFIG])
def test_an_end_on_purpose_is_passed_on_and_nothing_is_started_again(start: Start, code: int) -> None:
    ran = start(f"code:{code}")
    assert ran.ends() == code
    assert len(ran.births) == 1


@pytest.mark.parametrize(
    ("step", "reason", "words"),
    [
        (f"code:{EXIT_FAILED}", "failed", "ended with code 1"),
        (f"code:{EXIT_STUCK}", "stuck", "ended with code 75"),
        ("signal:9", "killed", "killed by SIGKILL"),
        ("signal:11", "killed", "killed by SIGSEGV"),
        ("silent", "hung", "it gave no sign of life"),
        ("hang", "hung", "it gave no sign of life"),
    ],
)
def test_after_a_crash_or_a_hang_another_is_started_and_told_why(
    start: Start, step: str, reason: str, words: str
) -> None:
    ran = start(step, "code:0")
    assert ran.ends() == EXIT_OK
    assert ran.births[1].partition(" ")[2] == f"{words} {{'{reason}': 1}}"


def test_a_log_that_nobody_reads_holds_a_worker_and_not_who_looks_after_it(tmp_path: Path) -> None:
    nobody, full = os.pipe()
    os.set_blocking(full, False)
    with suppress(BlockingIOError):
        while True:
            os.write(full, b"x" * 4096)
    os.set_blocking(full, True)
    ran = subprocess.Popen(
        [sys.executable, "-m", "tests.streams.supervision.supervised", str(tmp_path), "silent", "code:0"],
        cwd=ROOT,
        stderr=full,
    )
    try:
        assert ran.wait(WAIT_SECONDS_MAX) == EXIT_OK
    finally:
        ran.kill()
        ran.wait()
        os.close(nobody)
        os.close(full)


def test_one_that_ends_again_and_again_is_given_up_so_that_the_orchestrator_sees_it(start: Start) -> None:
    ran = start("code:1")
    assert ran.ends() == EXIT_FAILED
    assert len(ran.births) == RESTARTS_MAX + 1
    assert ran.told()[-1]["event"] == "the worker keeps ending: not started again"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_reaches_the_worker_which_ends_as_it_would_alone(start: Start, number: signal.Signals) -> None:
    ran = start("stop")
    ran.until(lambda: ran.births)
    worker = ran.worker
    ran.process.send_signal(number)
    ran.process.send_signal(signal.SIGTERM)  # impatient people press twice
    assert ran.ends() == EXIT_OK
    assert not alive(worker)
    assert ran.told() == []


def test_the_end_of_its_terminal_is_a_stop_unless_it_was_told_to_outlive_it(start: Start) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        ran = start("stop")
    finally:
        signal.signal(signal.SIGHUP, before)
    ran.until(lambda: ran.births)
    ran.process.send_signal(signal.SIGHUP)
    os.kill(ran.worker, signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        ran.process.wait(0.5)
    ran.process.terminate()
    assert ran.ends() == EXIT_OK


def test_a_stop_while_nobody_runs_is_a_stop(start: Start) -> None:
    ran = start("code:1", PAUSE_SECONDS="50")
    ran.until(ran.told)
    ran.process.send_signal(signal.SIGTERM)
    assert ran.ends() == EXIT_OK
    assert len(ran.births) == 1


def test_a_worker_that_hangs_while_it_is_told_to_stop_is_killed_and_not_started_again(start: Start) -> None:
    ran = start("hang")
    ran.until(lambda: ran.births)
    ran.process.send_signal(signal.SIGTERM)
    assert ran.ends() == EXIT_STUCK
    assert len(ran.births) == 1


def test_kill_9_of_the_parent_ends_the_worker(start: Start) -> None:
    ran = start("deaf")
    ran.until(lambda: ran.births)
    worker = ran.worker
    ran.process.kill()
    ran.until(lambda: not alive(worker))


def test_a_parent_that_was_frozen_with_its_worker_kills_nobody(start: Start) -> None:
    ran = start("stop")
    ran.until(lambda: ran.births)
    for pid in (ran.process.pid, ran.worker):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(BUSY_SECONDS + 1.0)
    for pid in (ran.worker, ran.process.pid):
        os.kill(pid, signal.SIGCONT)
    time.sleep(1.5)
    assert len(ran.births) == 1
    assert alive(ran.worker)


def test_a_worker_that_is_frozen_alone_is_killed(start: Start) -> None:
    ran = start("stop")
    ran.until(lambda: ran.births)
    os.kill(ran.worker, signal.SIGSTOP)
    ran.until(lambda: len(ran.births) == 2)


def test_orphans_are_buried(start: Start, tmp_path: Path) -> None:
    """As process 1 of a container it inherits them; here it is a subreaper, which is the same."""
    ran = start("orphan", "stop")
    ran.until(lambda: len(ran.births) == 2)
    orphan = (tmp_path / "orphan").read_text()
    ran.until(lambda: not Path(f"/proc/{orphan}").exists())


def test_only_what_nobody_inside_does_comes_from_outside() -> None:
    born = [
        Birth(FlightRecorder(), ended)
        for ended in ("", KILLED, "killed by SIGSEGV", "it gave no sign of life")
    ]
    assert [one.from_outside for one in born] == [True, True, False, False]


# Words about records that ended a worker: who writes them, who reads them, and when they count.


def hand(first: int, last: int, *, partition: int = 0, at: float = 7.0) -> InHand:
    return InHand("screen", last - first + 1, [OffsetSpan("t", partition, first, last, at)])


def suspects_arrival(offset: int, *, at: float = 7.0, partition: int = 0) -> Arrival:
    return Arrival("t", partition, offset, None, b"", timestamp=at)


def a_suspect(first: int, last: int, *, ends: int = 0, at: float = 7.0) -> Suspect:
    return Suspect(topic="t", partition=0, first=first, last=last, at=at, ends=ends, how="it hung")


def knowing(*known: Suspect) -> Suspects:
    async def read() -> Sequence[Suspect]:
        return known

    return Suspects(read)


async def test_the_worst_that_is_known_of_a_record_counts() -> None:
    suspects = knowing(a_suspect(0, 9), a_suspect(5, 5, ends=2))
    await suspects.refresh()
    found = [suspects.find(suspects_arrival(offset)) for offset in (4, 5, 10)]
    assert [it and it.ends for it in found] == [0, 2, None]
    assert suspects.find(suspects_arrival(5, partition=1)) is None


async def test_another_record_at_the_same_offset_is_no_suspect() -> None:
    """A topic that was deleted and made again begins anew; its records are not the old ones."""
    suspects = knowing(a_suspect(5, 5, ends=ENDS_MAX))
    await suspects.refresh()
    assert suspects.find(suspects_arrival(5, at=8.0)) is None
    assert suspects.find(suspects_arrival(5, at=7.0)) is not None


async def test_it_asks_once_and_again_when_partitions_moved_or_nobody_answered() -> None:
    asked = 0

    async def read() -> Sequence[Suspect]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        if asked == 2:
            raise BrokerUnavailable("away")
        return ()

    suspects = Suspects(read)
    await asyncio.gather(suspects.refresh(), suspects.refresh())
    assert asked == 1
    suspects.moved()
    with pytest.raises(BrokerUnavailable):
        await suspects.refresh()
    await suspects.refresh()
    assert asked == 3


async def test_nobody_decides_by_what_was_known_before_while_another_delivery_asks() -> None:
    """Seven deliveries share what is known: one asks, and the others have to wait for the answer too."""
    asked, answer = asyncio.Event(), asyncio.Event()

    async def read() -> Sequence[Suspect]:
        asked.set()
        await answer.wait()
        return (a_suspect(5, 5),)

    suspects = Suspects(read)
    asking = asyncio.create_task(suspects.refresh())
    await asked.wait()
    assert suspects.stale
    answer.set()
    await asking
    assert not suspects.stale
    assert suspects.find(suspects_arrival(5)) is not None


async def test_what_moves_while_the_topic_is_read_is_asked_for_once_more() -> None:
    asked = 0

    async def read() -> Sequence[Suspect]:
        nonlocal asked
        asked += 1
        if asked == 1:
            suspects.moved()
            return ()
        return (a_suspect(5, 5),)

    suspects = Suspects(read)
    await suspects.refresh()
    assert suspects.find(suspects_arrival(5)) is not None


@pytest.mark.journey
def test_a_batch_makes_suspects_and_only_one_alone_in_hand_is_counted(stage: Stage) -> None:
    topic = SuspectTopic(stage.settings)
    topic.mark([hand(0, 9)], "killed")
    topic.mark([hand(4, 4), hand(2, 2, partition=1)], "killed")
    assert [it.ends for it in topic.standing()] == [0, 0, 0]
    for _ in range(ENDS_MAX):
        [told] = topic.mark([hand(4, 4)], "hung")
    assert told.is_guilty
    worst = max(topic.standing(), key=lambda it: it.ends)
    assert (worst.first, worst.ends, worst.how) == (4, ENDS_MAX, "hung")


@pytest.mark.journey
def test_who_is_killed_from_outside_while_a_server_is_away_accuses_nobody(stage: Stage) -> None:
    """An impatient person kills a worker three times in an outage of Redis, one record in hand each time."""
    topic, waited = SuspectTopic(stage.settings), structs.replace(hand(4, 4), waiting=True)
    for _ in range(ENDS_MAX):
        topic.mark([waited], "killed by SIGKILL", from_outside=True)
    assert [it.ends for it in topic.standing()] == [0]
    topic.mark([waited], "killed by SIGSEGV")
    assert [it.ends for it in topic.standing()] == [1], "that it did itself"


@pytest.mark.journey
def test_a_word_on_another_record_at_the_same_offset_is_not_added_to(stage: Stage) -> None:
    topic = SuspectTopic(stage.settings)
    topic.mark([hand(4, 4)], "hung")
    [told] = topic.mark([hand(4, 4, at=8.0)], "hung")
    assert told.ends == 1


@pytest.mark.journey
def test_the_control_topic_goes_on_carrying_its_other_words(stage: Stage) -> None:
    SuspectTopic(stage.settings).mark([hand(4, 4)], "hung")
    assert stopped_topics(stage.settings) == {}
    assert known_epoch(stage.settings) == ""


@pytest.mark.journey
def test_each_group_has_its_own(stage: Stage) -> None:
    SuspectTopic(stage.settings).mark([hand(4, 4)], "hung")
    stage.environment["SAMEHAND_KAFKA_GROUP"] = "another"
    assert SuspectTopic(stage.settings).standing() == []


@pytest.mark.journey
def test_old_words_are_forgotten_and_taken_back(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = SuspectTopic(stage.settings)
    topic.mark([hand(4, 4)], "hung")
    monkeypatch.setattr(suspecting, "RETAINED_SECONDS", -60.0)
    assert topic.standing() == []
    topic.mark([hand(5, 5)], "hung")
    monkeypatch.undo()
    assert [it.first for it in topic.standing()] == [5]


@pytest.mark.journey
def test_what_a_killed_worker_had_in_hand_is_told_by_the_next_once(stage: Stage) -> None:
    recorder, topic = FlightRecorder(), SuspectTopic(stage.settings)
    recorder.slot("screen").note([suspects_arrival(4)])
    for _ in range(2):
        mark_unfinished(topic, Birth(recorder, "killed by SIGKILL"))
    [told] = topic.standing()
    assert (told.first, told.ends, told.how) == (4, 1, "killed by SIGKILL")


@pytest.mark.journey
def test_where_there_is_no_control_topic_yet_a_worker_starts_all_the_same(stage: Stage) -> None:
    """Its recorder is another service's, in the same folder."""
    stage.environment["SAMEHAND_TOPIC_PREFIX"] = "elsewhere."
    recorder = FlightRecorder()
    recorder.slot("screen").note([suspects_arrival(4)])
    mark_unfinished(SuspectTopic(stage.settings), Birth(recorder))
    assert recorder.unfinished() == []


# A suspect is decided alone, and what ended its worker three times is not tried a fourth time.


class NotOfARecord(Exception):
    """Say, a store that was replaced."""


def arrivals(count: int) -> list[Arrival]:
    return [Arrival("t", 0, offset, None, b"", timestamp=7.0) for offset in range(count)]


async def cautious(*known: Suspect) -> tuple[PoisonGuard, FlightRecorder]:
    async def read() -> Sequence[Suspect]:
        return known

    recorder = FlightRecorder()
    poison_guard = PoisonGuard(recorder, Suspects(read), elsewhere=(NotOfARecord,))
    await poison_guard.suspects.refresh()
    return poison_guard, recorder


async def sizes(poison_guard: PoisonGuard, count: int) -> list[int]:
    """How many records were decided at once, in turn."""
    seen: list[int] = []

    async def handle(some: Sequence[Arrival]) -> list[Outcome]:
        seen.append(len(some))
        return [NOTHING] * len(some)

    await poison_guard.decide_all(poison_guard.slot("screen"), handle, arrivals(count))
    return seen


async def test_without_suspects_a_batch_is_decided_at_once() -> None:
    assert await sizes(unguarded(), 500) == [500]


async def test_suspects_are_decided_one_by_one_and_the_rest_at_once() -> None:
    poison_guard, _ = await cautious(a_suspect(3, 5))
    assert await sizes(poison_guard, 20) == [3, 1, 1, 1, 14]


async def test_what_ended_its_worker_three_times_is_a_dead_letter_that_says_so() -> None:
    poison_guard, _ = await cautious(a_suspect(0, 9), a_suspect(1, 1, ends=ENDS_MAX))
    tried: list[int] = []

    async def handle(some: Sequence[Arrival]) -> list[Outcome]:
        tried.extend(it.offset for it in some)
        return [NOTHING] * len(some)

    outcomes = await poison_guard.decide_all(poison_guard.slot("screen"), handle, arrivals(3))
    assert tried == [0, 2]
    assert outcomes[1] == Dead(REASON, detail="ended its worker 3 times, the last: it hung")


async def test_while_a_suspect_is_decided_nothing_else_is() -> None:
    poison_guard, recorder = await cautious(a_suspect(0, 0))
    inside: list[str] = []
    go_on = asyncio.Event()

    async def other(some: Sequence[Arrival]) -> list[Outcome]:
        inside.append("other")
        await go_on.wait()
        inside.remove("other")
        return [NOTHING] * len(some)

    async def alone(some: Sequence[Arrival]) -> list[Outcome]:
        assert inside == []
        await asyncio.sleep(0)
        assert [(it.name, it.records) for it in recorder.unfinished()] == [("screen", 1)]
        return [NOTHING]

    innocent = [Arrival("u", 0, 0, None, b"")]
    screen, enrol = poison_guard.slot("screen"), poison_guard.slot("enrol")
    before = asyncio.create_task(poison_guard.decide_all(enrol, other, innocent))
    await asyncio.sleep(0)
    tried = asyncio.create_task(poison_guard.decide_all(screen, alone, arrivals(1)))
    await asyncio.sleep(0)
    after = asyncio.create_task(poison_guard.decide_all(enrol, other, innocent))
    for _ in range(10):
        await asyncio.sleep(0)
    assert inside == ["other"], "who comes later waits"
    go_on.set()
    await asyncio.gather(before, tried, after)


@for_each(
    ("fault", "left"), [(Transient(), 0), (NotOfARecord(), 0), (asyncio.CancelledError(), 0), (KeyError(), 1)]
)
async def test_only_what_nobody_expects_stays_noted(fault: BaseException, left: int) -> None:
    poison_guard, recorder = await cautious()

    async def handle(some: Sequence[Arrival]) -> list[Outcome]:
        raise fault

    with pytest.raises(type(fault)):
        await poison_guard.decide_all(poison_guard.slot("screen"), handle, arrivals(2))
    assert len(recorder.unfinished()) == left


async def test_who_ends_in_order_tells_the_group_before_and_its_successor_nothing() -> None:
    told: list[tuple[Sequence[InHand], str]] = []
    recorder = FlightRecorder()
    poison_guard = PoisonGuard(
        recorder, (await cautious())[0].suspects, mark=lambda hands, how: told.append((hands, how))
    )
    slot = poison_guard.slot("screen")
    slot.note(arrivals(1))
    await poison_guard.blame(slot, "KeyError")
    assert [([it.name for it in hands], how) for hands, how in told] == [(["screen"], "KeyError")]
    assert recorder.unfinished() == []


async def test_what_cannot_be_told_now_is_left_to_the_successor() -> None:
    def unreachable(hands: Sequence[InHand], how: str) -> None:
        raise Transient("no broker")

    recorder = FlightRecorder()
    poison_guard = PoisonGuard(recorder, (await cautious())[0].suspects, mark=unreachable)
    slot = poison_guard.slot("screen")
    slot.note(arrivals(1))
    await poison_guard.blame(slot, "KeyError")
    assert len(recorder.unfinished()) == 1


async def test_the_room_is_free_again_after_a_fault() -> None:
    room = ReadersWriterLock()
    with pytest.raises(KeyError):
        async with room.exclusive():
            raise KeyError
    with pytest.raises(KeyError):
        async with room.shared():
            raise KeyError
    async with asyncio.timeout(1), room.exclusive():
        pass


async def test_waiting_for_a_server_is_noted_while_it_lasts() -> None:
    poison_guard, recorder = await cautious()
    seen: list[bool] = []

    async def handle(some: Sequence[Arrival]) -> list[Outcome]:
        seen.append(recorder.unfinished()[0].waiting)
        with waiting():
            seen.append(recorder.unfinished()[0].waiting)
        seen.append(recorder.unfinished()[0].waiting)
        return [NOTHING]

    await poison_guard.decide_all(poison_guard.slot("screen"), handle, arrivals(1))
    assert seen == [False, True, False]
    with waiting():  # outside of a delivery it is nobody's
        assert recorder.unfinished() == []


# A worker seldom looks for cycles, and finds them all the same.


@pytest.fixture
def as_before() -> Iterator[None]:
    """It is the process's own affair, of which other tests are to notice nothing."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class Held:
    """Something that may hold itself."""

    itself: Held


@pytest.mark.usefixtures("as_before")
def test_what_was_there_before_is_looked_at_no_more() -> None:
    known = Held()
    collect_seldom()
    assert gc.get_freeze_count() > 0
    assert not any(one is known for one in gc.get_objects())
    assert gc.get_threshold()[0] == OBJECTS


@pytest.mark.usefixtures("as_before")
def test_a_cycle_made_afterwards_is_found_before_many_more_are_made() -> None:
    collect_seldom()
    cycle = Held()
    cycle.itself = cycle
    there = weakref.ref(cycle)
    del cycle
    kept: list[list[int]] = []
    while there() is not None and len(kept) <= 2 * OBJECTS:
        kept.append([])
    assert there() is None
