"""Which commands there are. To add one: ``desk/cli/commands/NAME.py`` with a ``command``, and a line here.

A summary is what ``samehand --help`` shows without loading the command; a test holds it to the command's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Section = Literal["Look", "Run", "Look after"]

SECTIONS: Final[tuple[Section, ...]] = ("Look", "Run", "Look after")


@dataclass(frozen=True, slots=True)
class Entry:
    """A command in the help: under which heading, and what it does in a few words."""

    section: Section
    summary: str
    module: str | None = None
    """Where it is not called like the command: `try` is a word of Python."""


COMMANDS: Final[dict[str, Entry]] = {
    "score": Entry("Look", "Score accounts against bans, from files, without a broker."),
    "explain": Entry("Look", "Show why two accounts resemble each other, reason by reason."),
    "backtest": Entry("Look", "Measure precision, recall and fairness where the truth is known."),
    "learn": Entry("Look", "Propose weights from verdicts; adopt nothing."),
    "map": Entry("Look", "Say what a table of mappings makes of a sample."),
    "try": Entry("Look", "Say what would be found in a live topic; publish and keep nothing.", "dry_run"),
    "simulate": Entry("Look", "Write a simulated platform to files, with the truth beside it."),
    "hash-avatar": Entry("Look", "Hash pictures as an avatar is hashed (PDQ)."),
    "demo": Entry("Run", "Run everything here on a sample stream, and print alerts as they come."),
    "worker": Entry("Run", "Score accounts as they are created, until told to stop."),
    "bridge": Entry("Run", "Turn records of other topics into ours, until told to stop."),
    "gate": Entry("Run", "Answer over HTTP: score sign-ups, take events, until told to stop."),
    "deliver": Entry("Run", "Send alerts to webhooks, until told to stop."),
    "desk": Entry("Run", "Serve the pages on which people decide, until told to stop."),
    "enrol": Entry("Run", "Publish bans from files to accounts.banned."),
    "remember": Entry("Run", "Remember existing accounts without alerting."),
    "watchlist": Entry("Run", "Import official lists of proscribed organisations."),
    "alerts": Entry("Look after", "List alerts and show one, from their topic, without a desk."),
    "verdict": Entry("Look after", "Publish a verdict on one alert, without a desk."),
    "case": Entry("Look after", "Write the case file of one alert, from the desk's database."),
    "pepper": Entry("Look after", "Make, rotate and drop the secrets that key personal values."),
    "keys": Entry("Look after", "Make, list and revoke the keys of those who call the gate."),
    "doctor": Entry("Look after", "Say in plain words what is missing or wrong."),
    "letters": Entry("Look after", "List, show, replay and drop dead letters; let a topic go on."),
    "rebuild": Entry("Look after", "Fill the store again from accounts.banned."),
}


def module_of(name: str) -> str:
    """The module that has a command."""
    entry = COMMANDS[name]
    return f"desk.cli.commands.{entry.module or name.replace('-', '_')}"
