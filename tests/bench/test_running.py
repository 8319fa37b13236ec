"""What a bench reads of processes, and the crowd that it draws."""

from __future__ import annotations

import os
import time
from random import Random

from agents.common.converters import remembered_of
from bench.kinds import KINDS
from bench.running.crowd import ORIGINALS, account_id, ban, is_original, people, sign_ups
from bench.running.scene import cpu_seconds, resident_bytes
from bench.store.bans import KEYERS
from samehand.frequency.rates import NothingCounted
from samehand.scoring.upper_bound import UpperBound
from samehand.scoring.weights import default_weights
from tests.tables import for_each

# What the kernel tells of a process.


def test_work_is_counted_and_waiting_is_not() -> None:
    before = cpu_seconds(os.getpid())
    while time.process_time() < before + 0.1:
        pass
    worked = cpu_seconds(os.getpid())
    time.sleep(0.2)
    assert worked - before >= 0.08
    assert cpu_seconds(os.getpid()) - worked < 0.1


def test_memory_is_counted_in_bytes() -> None:
    assert 1 << 20 < resident_bytes(os.getpid()) < 1 << 36


# The banned and those who sign up after them are the same in every turn, and some of them are mirrors.


BANS = 400
AT = 1_795_000_000.0


def test_a_slice_is_the_same_each_time() -> None:
    some = list(people(3, BANS, range(100, 110)))
    assert some == list(people(3, BANS, range(100, 110)))
    assert [one.account_id for one in some] == [account_id(number) for number in range(100, 110)]


def test_originals_have_what_every_strategy_needs() -> None:
    originals = [number for number in range(BANS) if is_original(number, BANS)]
    assert len(originals) == ORIGINALS
    first = next(people(3, BANS, range(1)))
    assert first.number
    assert first.device_id
    assert first.avatar


def test_no_ban_ends_so_that_a_snapshot_lasts() -> None:
    assert all(ban(number, one).expires_at is None for number, one in enumerate(people(3, 8, range(8))))


def test_one_sign_up_of_two_hundred_is_a_mirror() -> None:
    originals = [one for number, one in enumerate(people(3, BANS, range(BANS))) if is_original(number, BANS)]
    with_mirrors = sign_ups(3, BANS, originals, 400, at=AT)
    strangers = sign_ups(3, BANS, [], 400, at=AT)
    assert with_mirrors == sign_ups(3, BANS, originals, 400, at=AT)
    assert with_mirrors[:100] == strangers[:100]
    assert with_mirrors[100] != strangers[100]
    assert len({record.key for record in with_mirrors}) == 400
    assert not {record.key for record in with_mirrors} & {one.key for one in originals}


def test_a_sign_up_is_looked_up_under_at_most_71_keys_in_the_mean() -> None:
    bound, counted = UpperBound(default_weights()), NothingCounted(20_000)
    accounts = [remembered_of(one, KEYERS) for one in sign_ups(3, BANS, [], 300, at=AT)]
    keys = [len(bound.table(one.fingerprints, counted).keys) for one in accounts]
    assert sum(keys) / len(keys) <= 71


# The kinds of obfuscation: as many as promised, tuned and judged by different hands.


def test_both_sets_have_the_same_kinds() -> None:
    assert len(KINDS["tuning"]) >= 21
    assert set(KINDS["tuning"]) == set(KINDS["held_out"])


@for_each("kind", sorted(KINDS["held_out"]))
@for_each("edits", sorted(KINDS))
def test_each_kind_changes_some_handle(edits: str, kind: str) -> None:
    edit = KINDS[edits][kind]
    assert any(edit(Random(seed), "umar_khalid_media_1987") != "umar_khalid_media_1987" for seed in range(20))
