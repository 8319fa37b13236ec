"""Dead letters in the log: each by its address, and a flood of them in few lines."""

from __future__ import annotations

import structlog

from streams.deadletters.log import LOGGED_A_BATCH, tell_dead
from streams.outcomes import NOTHING, Arrival, Dead, Outcome


def told(*outcomes: Outcome) -> list[dict[str, object]]:
    log = structlog.testing.CapturingLogger()
    settled = [(Arrival("t", 0, n, b"k", b"umar@example.org"), it) for n, it in enumerate(outcomes)]
    tell_dead(log, settled)
    return [{"event": call.args[0], **call.kwargs} for call in log.calls]


def test_each_is_told_by_address_and_reason() -> None:
    assert told(NOTHING, Dead("not-json", "$.account")) == [
        {"event": "dead letter", "address": "t:0:1", "reason": "not-json", "path": "$.account"}
    ]


def test_nothing_dead_is_nothing_to_tell() -> None:
    assert told(NOTHING, NOTHING) == []


def test_a_flood_is_counted() -> None:
    lines = told(*[Dead("not-json")] * (LOGGED_A_BATCH + 480))
    assert len(lines) == LOGGED_A_BATCH + 1
    assert lines[-1]["records"] == 480
