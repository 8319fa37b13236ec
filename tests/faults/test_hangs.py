"""A record holds the interpreter of whichever worker meets it: only who stands outside can act."""

from __future__ import annotations

import pytest

from schemas.wire import Decoded, decode_letter
from tests.faults.conftest import Expected
from tests.faults.scene import BATCH_RECORDS, Scene
from tests.faults.test_ends import TELLING
from tests.makers import a_sign_up

pytestmark = pytest.mark.kafka

HANG_SECONDS = 4  # the default is 15: a busy machine must not look hung, and here it may
# A batch a worker, three alone, and who met it while another hung on it already: 4 on idle cores, 5 beside
# twelve processes that did nothing but count on two.
ENDS_MAX = 6
RECOVERED_SECONDS_MAX = 300.0


def test_a_record_hangs_every_worker_until_it_is_set_aside(scene: Scene, expected: Expected) -> None:
    """Two workers recover by themselves; the record is a dead letter that says why, and nothing is lost."""
    scene.environment |= {"SAMEHAND_HANG_SECONDS": str(HANG_SECONDS)}
    haunting = a_sign_up("haunting", handle="not_what_it_seems")
    stream = expected.stream
    half = len(stream.created) // 2
    scene.publish(scene.topics.created, [*stream.created[:half], haunting, *stream.created[half:]])
    scene.publish(scene.topics.banned, stream.banned)
    scene.publish(scene.topics.updated, stream.updated)
    workers = [scene.start("haunted", haunting.key), scene.start("haunted", haunting.key)]
    recovered = scene.until(
        lambda: scene.settled() and scene.letters() == 1, "it to end", RECOVERED_SECONDS_MAX
    )
    expected.judge(
        f"a record hangs each worker that meets it ({HANG_SECONDS} s until it is killed)",
        scene,
        None,
        recovered,
        repeats_max=ENDS_MAX * TELLING * BATCH_RECORDS,
        letters=1,
    )
    [raw] = scene.read(scene.topics.letters)
    letter = decode_letter(raw.value, now=raw.timestamp + 60)
    assert isinstance(letter, Decoded)
    assert letter.record.reason == "ended-worker"
    assert letter.record.key == haunting.key.encode()
    assert all(worker.child.pid is not None for worker in workers)
    ends = sum(worker.log.read_text().count("starting another") for worker in workers)
    assert 4 <= ends <= ENDS_MAX
