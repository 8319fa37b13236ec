"""A run written to files: what is banned, who signs up, the whole stream, and the truth about them."""

import csv
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from schemas.wire import encode
from simulate.config import Config
from simulate.evasion.channels import NUMBERS
from simulate.evasion.strategies import STRATEGIES
from simulate.timeline.events import PlatformTopic, SimulatedEvent
from simulate.timeline.stream import generate

Progress = Callable[[int, int], None]
"""Called now and then with the sign-ups so far and the sign-ups in all."""
_PROGRESS_SIGN_UPS = 1000

_ACCOUNT = ("platform", "account_id")
_PAIR = (*_ACCOUNT, "banned_platform", "banned_account_id")
_TABLES = {
    "truth.csv": _PAIR,
    "strategies.csv": (*_PAIR, "strategy", "name", "way", "seconds_since_ban"),
    "innocents.csv": (*_ACCOUNT, "kind", "resembles_platform", "resembles_account_id"),
    "languages.csv": (*_ACCOUNT, "language"),
}
_NAMES = {strategy.number: strategy.name for strategy in STRATEGIES} | {
    number: name for name, number in NUMBERS.items()
}


@dataclass(slots=True)
class SimulationSummary:
    """What a run held. ``kinds`` counts sign-ups by label, ``strategies`` mirrors by number."""

    events: int = 0
    topics: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    strategies: Counter[int] = field(default_factory=Counter)
    malformed: int = 0

    @property
    def sign_ups(self) -> int:
        return self.topics[PlatformTopic.CREATED] - self.malformed

    def add(self, event: SimulatedEvent) -> None:
        self.events += 1
        self.topics[event.topic] += 1
        if event.label.kind == "malformed":
            self.malformed += 1
        elif event.topic is PlatformTopic.CREATED:
            self.kinds[event.label.kind] += 1
            self.languages[event.label.language] += 1
        if event.label.truth:
            self.strategies[event.label.truth.strategy] += 1


def write(config: Config, out: Path, progress: Progress | None = None) -> SimulationSummary:
    """Write one run into the folder ``out``, which is made if it is not there; files are replaced.

    * ``bans.jsonl``: bans that stand at the end (``AccountBanned``; lifted ones are left out).
    * ``accounts.jsonl``: sign-ups (``AccountCreated``) and changed profiles (``AccountUpdated``), in order.
    * ``truth.csv``: one row a mirror, in the order in which they appear.
    * ``strategies.csv``: the same rows with strategy, way, and seconds from the ban (negative: before it).
    * ``innocents.csv``: look-alikes who are somebody else, and whom they resemble.
    * ``languages.csv``: the language of every account that signed up.
    * ``events.jsonl``: the whole stream; of a malformed message the bytes as base64 in ``raw``.

    Raises ``OSError`` where the folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    summary, sign_ups = SimulationSummary(), config.accounts + config.channels
    with ExitStack() as files:
        sinks = _Sinks(out, files)
        for event in generate(config):
            summary.add(event)
            sinks.write(event)
            if (
                progress
                and event.topic is PlatformTopic.CREATED
                and summary.sign_ups % _PROGRESS_SIGN_UPS == 0
            ):
                progress(summary.sign_ups, sign_ups)
    if progress:
        progress(summary.sign_ups, sign_ups)
    return summary


def simulate_command(
    seed: int,
    accounts: int,
    out: Path,
    *,
    channels: int = 0,
    edits: str = "tuning",
    malformed_share: float = 0.0,
    progress: Progress | None = None,
) -> SimulationSummary:
    """What ``samehand simulate`` does.

    Raises ``ValueError`` for sizes that cannot be, ``OSError`` where ``out`` cannot be written.
    """
    config = Config(
        seed=seed, accounts=accounts, channels=channels, edits=edits, malformed_share=malformed_share
    )
    return write(config, out, progress)


class _Sinks:
    def __init__(self, out: Path, files: ExitStack) -> None:
        self._bans, self._accounts, self._events = (
            files.enter_context((out / name).open("wb"))
            for name in ("bans.jsonl", "accounts.jsonl", "events.jsonl")
        )
        self._tables = {
            name: csv.writer(files.enter_context((out / name).open("w", encoding="utf-8", newline="")))
            for name in _TABLES
        }
        for name, columns in _TABLES.items():
            self._row(name, columns)

    def write(self, event: SimulatedEvent) -> None:
        """Write one event to every file it belongs in."""
        if isinstance(event.value, bytes):
            self._event(event, "raw", b'"' + b64encode(event.value) + b'"')
            return
        line = encode(event.value)
        self._event(event, "value", line)
        if event.topic is PlatformTopic.BANNED and event.label.kind != "lifted":
            self._bans.write(line + b"\n")
        elif event.topic in (PlatformTopic.CREATED, PlatformTopic.UPDATED):
            self._accounts.write(line + b"\n")
            account = event.key.split(":", 1)
            if event.topic is PlatformTopic.CREATED:
                self._row("languages.csv", (*account, event.label.language))
            if event.label.truth:
                truth = event.label.truth
                pair = truth[: len(_PAIR)]
                seconds = round(truth.appeared_at - truth.banned_at)
                self._row("truth.csv", pair)
                self._row(
                    "strategies.csv", (*pair, truth.strategy, _NAMES[truth.strategy], truth.way, seconds)
                )
            if event.label.resembles:
                self._row("innocents.csv", (*account, event.label.kind, *event.label.resembles.split(":", 1)))

    def _event(self, event: SimulatedEvent, name: str, value: bytes) -> None:
        # Keys are names of platforms, kinds, letters and digits: nothing in them needs escaping.
        head = f'{{"topic":"{event.topic.value}","key":"{event.key}","{name}":'
        self._events.write(head.encode() + value + b"}\n")

    def _row(self, name: str, values: Iterable[object]) -> None:
        self._tables[name].writerow(values)
