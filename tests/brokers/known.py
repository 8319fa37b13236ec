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
COMMIT = (
    "While a group rebalances it refuses every commit (ILLEGAL_GENERATION), and the member tries for ever."
)

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
}
