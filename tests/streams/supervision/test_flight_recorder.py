"""What a worker was doing outlives it: written by one process, read by the next."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from streams.outcomes import Arrival
from streams.supervision.flight_recorder import SLOT_BYTES, SLOTS, FlightRecorder, InHand, OffsetSpan


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


def test_what_is_finished_is_forgotten() -> None:
    recorder = FlightRecorder()
    slot = recorder.slot("screen")
    slot.note([arrival(3)])
    slot.clear()
    assert recorder.unfinished() == []


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
