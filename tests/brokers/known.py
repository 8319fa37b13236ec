"""Where a broker is known to break the contract, and how.

These tests must fail, or the table is stale. Those that fail by waiting are run only for the table
(:data:`WHOLE`): an ordinary run has no half minute to spend on learning again what is known.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

WHOLE = "SAMEHAND_CONTRACT_WHOLE"


@dataclass(frozen=True)
class Gap:
    """What happens instead; ``waits``: told only by a time-out; ``at_times``: now and then it works."""

    instead: str
    waits: bool = False
    at_times: bool = False

    def mark(self) -> pytest.MarkDecorator:
        """How pytest is to take the test."""
        run = bool(os.environ.get(WHOLE)) or not self.waits
        return pytest.mark.xfail(reason=self.instead, strict=not self.at_times, run=run)


SNAPSHOT = Gap(
    "It saves its state about once a second: a kill loses what was acknowledged since, topics too."
)
MEMORY = Gap("It keeps everything in memory.")
COMMIT = (
    "While a group rebalances it refuses every commit (ILLEGAL_GENERATION), and the member tries for ever."
)
OFFSETS = "It counts batches, not records: the end of a partition with one batch of 37 records is 1."

#: (broker, test without its ``test_``) to the gap.
KNOWN: dict[tuple[str, str], Gap] = {
    ("embedded", "cluster_described"): Gap("Its answer to DescribeCluster lacks a field kafka-python reads."),
    ("embedded", "deleted_and_recreated_is_another"): Gap("It gives topics no id."),
    ("embedded", "kill_loses_nothing_acknowledged"): SNAPSHOT,
    ("embedded", "kill_keeps_topics_and_commits"): SNAPSHOT,
    ("embedded", "members_share_auto_commit"): Gap(COMMIT, waits=True),
    ("embedded", "silent_member_is_replaced"): Gap(
        "Nobody is missed until another member joins.", waits=True
    ),
    ("embedded", "workers_share"): Gap(COMMIT, waits=True, at_times=True),
    ("embedded", "worker_leaves_and_returns"): Gap(COMMIT, waits=True),
    ("embedded", "worker_killed_and_restarted"): Gap(
        "The killed member stays the group's leader, so that the new one waits for its share for ever.",
        waits=True,
    ),
    ("tansu", "kill_loses_nothing_acknowledged"): MEMORY,
    ("tansu", "kill_keeps_topics_and_commits"): MEMORY,
    ("tansu", "stop_keeps_topics_and_commits"): MEMORY,
    ("tansu", "idempotent_producer"): Gap("InitProducerId is answered with an unknown error."),
    ("tansu", "ends_kafka_python"): Gap(OFFSETS),
    ("tansu", "ends_aiokafka"): Gap(OFFSETS),
    ("tansu", "offsets_by_time"): Gap("Every moment is answered with the first offset."),
    ("tansu", "fetch_returns_promptly"): Gap("A fetch returns when its longest wait is over.", waits=True),
    ("tansu", "compaction_done"): Gap("Nothing is removed within 8 s.", waits=True),
    ("tansu", "records_deleted"): Gap("It closes the connection on DeleteRecords."),
}
