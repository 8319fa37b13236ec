"""No account within the limits of the schema costs a worker's mind more than a few ordinary ones do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from statistics import mean
from typing import NamedTuple

import pytest

from tests.hostile.accounts import accounts
from tests.house import ROOT

#: All of it takes ten seconds on a busy machine; what hangs is ended.
PATIENCE_SECONDS = 300

# As times the mean ordinary account, hostile ones cost 1.8 in the mean and 22 at most: every field full of
# Devanagari, every list full; 38 ms. Ratios within one run, since a busy machine slows both alike.
MEAN_TIMES_ORDINARY = 2.0
WORST_TIMES_ORDINARY = 30.0

# For eight times the text; linear time is 8, quadratic 64, and the worst that was seen 7.4.
GROWTH_MAX = 16.0
# What takes less is told from nothing.
GROWN_SECONDS_MIN = 0.0005

#: Ordinary accounts try 229 keys at most, of 400.
KEYS_TRIED_MAX = 768
#: An ordinary record is 335 bytes at most. A handle's words are what may be long, and every list may be full.
RECORD_BYTES_MAX = 2_304


class Cost(NamedTuple):
    """What an account cost."""

    name: str
    hostile: bool
    seconds: float
    keys: int
    record_bytes: int


def run(*arguments: str) -> list[list[str | float]]:
    """What the program printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.work", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def costs() -> list[Cost]:
    """What each hostile account cost, and each ordinary one."""
    return [Cost._make(row) for row in run()]


def ordinary_seconds(costs: Sequence[Cost]) -> float:
    """The mean of ordinary accounts."""
    return mean(one.seconds for one in costs if not one.hostile)


def test_there_are_hundreds_of_them_each_within_all_limits() -> None:
    assert len(accounts()) > 300


def test_hostile_accounts_cost_what_ordinary_ones_do(costs: Sequence[Cost]) -> None:
    assert mean(one.seconds for one in costs if one.hostile) <= MEAN_TIMES_ORDINARY * ordinary_seconds(costs)


def test_the_worst_of_them_costs_no_more_than_thirty_ordinary_ones(costs: Sequence[Cost]) -> None:
    limit = WORST_TIMES_ORDINARY * ordinary_seconds(costs)
    assert [one for one in costs if one.hostile and one.seconds > limit] == []


def test_none_of_them_floods_the_store(costs: Sequence[Cost]) -> None:
    assert not [one for one in costs if one.keys > KEYS_TRIED_MAX or one.record_bytes > RECORD_BYTES_MAX]


def test_time_grows_with_each_fields_length_and_no_faster() -> None:
    grown = [(str(name), float(short), float(long)) for name, short, long in run("growth")]
    assert len(grown) > 500
    assert [
        f"{name}: {long / short:.0f} times as long for eight times the text"
        for name, short, long in grown
        if long > max(GROWN_SECONDS_MIN, GROWTH_MAX * short)
    ] == []
