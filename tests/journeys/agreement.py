"""Scores the same accounts by the command line and by a running worker, and compares the pairs.

Both get the same bans, enrolled before the first account, and the same accounts, on the first day (nothing
counted yet, so that both know the same frequencies). They must agree on the set of pairs, on each band and
on each log-odds within 1e-9.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.commands.demo.servers import DemoServers, demo_servers
from cli.inputs.input_files import InputLine, read_accounts, read_bans
from cli.inputs.row_ids import ROW_OF_ACCOUNTS, ROW_OF_BANS, by_number, within_run
from cli.offline.offline_scoring import Offline
from schemas.accounts import AccountBanned, AccountCreated, AccountEvent
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from schemas.wire import Decoded, decode_alert, encode
from streams.kafka.client import reader, writer
from streams.kafka.topics import names

TOLERANCE = 1e-9  # nats: floating point alone
WAIT_SECONDS_MAX = 300.0
POLL_SECONDS = 0.2
CONFIRM_SECONDS = 20.0

Lines = Sequence[InputLine[AccountBanned]] | Sequence[InputLine[AccountCreated]]
Pairs = dict[tuple[str, str], MirrorAlert]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both said. ``apart_nats`` is the largest difference of log-odds among pairs that both found."""

    bans: int
    accounts: int
    pairs: int
    only_command_line: int
    only_worker: int
    bands_apart: int
    apart_nats: float

    @property
    def holds(self) -> bool:
        """Whether they agree."""
        differ = self.only_command_line or self.only_worker or self.bands_apart
        return not differ and self.apart_nats <= TOLERANCE


def agreement(bans: Path, accounts: Path, platform: str) -> tuple[Agreement, Pairs]:
    """Runs both and compares; also gives the worker's alerts."""
    now = time.time()
    ban_lines = list(read_bans(bans, now=now, platform=platform))
    account_lines = list(read_accounts(accounts, now=now, platform=platform))
    offline = asyncio.run(_offline(ban_lines, account_lines, now))
    with (
        tempfile.TemporaryDirectory(prefix="samehand-agree-") as folder,
        demo_servers(Path(folder), [], lambda _: None) as running,
    ):
        live = _live(running, ban_lines, account_lines)
    both = offline.keys() & live.keys()
    told = Agreement(
        bans=len(ban_lines),
        accounts=len(account_lines),
        pairs=len(both),
        only_command_line=len(offline.keys() - live.keys()),
        only_worker=len(live.keys() - offline.keys()),
        bands_apart=sum(offline[pair].band != live[pair].band for pair in both),
        apart_nats=max((abs(offline[pair].log_odds - live[pair].log_odds) for pair in both), default=0.0),
    )
    return told, live


async def _offline(
    bans: Sequence[InputLine[AccountBanned]], accounts: Sequence[InputLine[AccountCreated]], now: float
) -> Pairs:
    run = Offline(now=now, first_day=True)
    await run.enrol(bans)
    await run.screen(accounts)
    return _by_pair(run.scored.alerts)


def _live(
    running: DemoServers,
    bans: Sequence[InputLine[AccountBanned]],
    accounts: Sequence[InputLine[AccountCreated]],
) -> Pairs:
    called = names(running.settings)
    enrolled = _publish(running, called.banned, bans, ROW_OF_BANS)
    _until(lambda: _events(running, called.banned) >= enrolled)
    sent = _publish(running, called.created, accounts, ROW_OF_ACCOUNTS)
    _until(lambda: _events(running, called.created) >= sent)
    with reader(running.settings) as opened:
        values = [
            record.value
            for partition in opened.partitions(called.alerts)
            for record in opened.read(called.alerts, partition)
        ]
    read = [decode_alert(value, now=time.time()) for value in values]
    records = [it.record for it in read if isinstance(it, Decoded)]
    return _by_pair([by_number(record) for record in records if isinstance(record, MirrorAlert)])


def _publish(running: DemoServers, topic: str, lines: Lines, row: str) -> int:
    events: list[AccountEvent] = [
        within_run(line.outcome, row, named=line.named)
        for line in lines
        if not isinstance(line.outcome, Malformed)
    ]
    with writer(running.settings) as out:
        sent = [out.send(topic, value=encode(event), key=event.key.encode(), headers=[]) for event in events]
        for each in sent:
            each.get(CONFIRM_SECONDS)
    return len(events)


def _by_pair(alerts: Sequence[MirrorAlert]) -> Pairs:
    return {(alert.key, alert.matched.key): alert for alert in alerts}


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("the worker did not get through in time")
        time.sleep(POLL_SECONDS)


def _events(running: DemoServers, topic: str) -> float:
    return sum(
        _metric(running, f'samehand_events_total{{outcome="{outcome}",topic="{topic}"}}')
        for outcome in ("published", "nothing", "dead")
    )


def _metric(running: DemoServers, series: str) -> float:
    with urllib.request.urlopen(f"{running.web}/metrics", timeout=30.0) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(f"{series} "):
                return float(line.rpartition(" ")[2])
    return 0.0
