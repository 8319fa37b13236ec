"""The command line and a worker's agents on Redis say the same of the same accounts.

Both get the same bans, enrolled before the first account, and the same accounts, on the first day (nothing
counted yet, so that both know the same frequencies). They must agree on the set of pairs, on each band and
on each log-odds within 1e-9.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.inputs.input_files import InputLine, read_accounts, read_bans
from cli.inputs.row_ids import ROW_OF_ACCOUNTS, ROW_OF_BANS, by_number, within_run
from cli.offline.offline_scoring import Offline
from schemas.accounts import AccountEvent
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from simulate.files import simulate_command
from store.redis import RedisEndpoint, RedisStore
from tests.agents.conftest import MakeLife

pytestmark = pytest.mark.journey

TOLERANCE = 1e-9  # nats: floating point alone
BATCH = 200

Pairs = dict[tuple[str, str], MirrorAlert]


async def test_both_find_the_same_pairs_with_the_same_odds(
    make_life: MakeLife, tmp_path: Path, redis_url: str, store_prefix: str
) -> None:
    simulate_command(11, 400, tmp_path)
    now = time.time()
    bans = list(read_bans(tmp_path / "bans.jsonl", now=now, platform="x"))
    accounts = list(read_accounts(tmp_path / "accounts.jsonl", now=now, platform="x"))
    run = Offline(now=now, first_day=True)
    await run.enrol(bans)
    await run.screen(accounts)
    offline = by_pair(run.scored.alerts)

    store = RedisStore(
        RedisEndpoint(url=redis_url, deadline_seconds=20.0), prefix=store_prefix, identity=b"i" * 32
    )
    await store.open()
    made = make_life(late_ban_seconds=400_000 * 3_600.0)
    life = replace(made, context=replace(made.context, store=store, now=lambda: now), seconds=now)
    for agent, lines, row in (
        (life.enrol, bans, ROW_OF_BANS),
        (life.screen, accounts, ROW_OF_ACCOUNTS),
    ):
        events = list(readable(lines, row))
        for first in range(0, len(events), BATCH):
            await life.tell(agent, *events[first : first + BATCH])
    await store.close()
    live = by_pair([by_number(alert) for alert in life.alerts])

    assert live.keys() == offline.keys() != set()
    assert {pair: alert.band for pair, alert in live.items()} == {
        pair: alert.band for pair, alert in offline.items()
    }
    assert {pair: alert.log_odds for pair, alert in live.items()} == pytest.approx(
        {pair: alert.log_odds for pair, alert in offline.items()}, abs=TOLERANCE, rel=0.0
    )


def readable(lines: Iterable[InputLine[Any]], row: str) -> Iterable[AccountEvent]:
    return (
        within_run(line.outcome, row, named=line.named)
        for line in lines
        if not isinstance(line.outcome, Malformed)
    )


def by_pair(alerts: Sequence[MirrorAlert]) -> Pairs:
    return {(alert.key, alert.matched.key): alert for alert in alerts}
