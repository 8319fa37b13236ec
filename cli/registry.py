"""Which commands there are. To add one: ``cli/commands/NAME.py`` with a ``command``, and a line here.

A summary is what ``samehand --help`` shows without loading the command; a test holds it to the command's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Section = Literal["Evaluate", "Run", "Maintain"]

SECTIONS: Final[tuple[Section, ...]] = ("Evaluate", "Run", "Maintain")


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command in the help: under which heading, and what it does in a few words."""

    section: Section
    summary: str
    module: str | None = None
    """Where it stands in a room of its own, or is not called like the command: `try` is a word of Python."""


COMMANDS: Final[dict[str, CommandEntry]] = {
    "score": CommandEntry("Evaluate", "Score accounts against bans, both read from files; needs no servers."),
    "learn": CommandEntry("Evaluate", "Propose new signal weights from verdicts; adopts nothing."),
    "map": CommandEntry("Evaluate", "Show what a mapping file makes of sample records."),
    "try": CommandEntry(
        "Evaluate", "Report what samehand would find in your events; publishes nothing.", "dry_run"
    ),
    "simulate": CommandEntry(
        "Evaluate", "Write a simulated platform to files, with its true mirrors listed."
    ),
    "size": CommandEntry("Evaluate", "Estimate workers, Redis and Kafka for a platform of your size."),
    "hash-avatar": CommandEntry("Evaluate", "Print the perceptual hash (PDQ) of pictures."),
    "demo": CommandEntry("Run", "Run all of samehand on this machine on sample data, and print alerts."),
    "worker": CommandEntry("Run", "Score new accounts from Kafka and publish alerts, until stopped."),
    "bridge": CommandEntry("Run", "Translate records of your topics into samehand's, until stopped."),
    "gate": CommandEntry("Run", "Serve the HTTP API: score sign-ups, take events, until stopped."),
    "deliver": CommandEntry("Run", "Send alerts to webhooks, until stopped."),
    "desk": CommandEntry("Run", "Serve the web pages where people review alerts, until stopped."),
    "enrol": CommandEntry("Run", "Publish bans from files to the topic accounts.banned."),
    "remember": CommandEntry("Run", "Store existing accounts, without alerts, for later bans to match."),
    "scan": CommandEntry("Run", "Look up existing accounts among the bans; workers alert on mirrors."),
    "watchlist": CommandEntry("Run", "Import official lists of proscribed organisations."),
    "alerts": CommandEntry(
        "Maintain", "List alerts and show one, read from Kafka; needs no desk.", "without_desk.alerts"
    ),
    "verdict": CommandEntry(
        "Maintain", "Publish a verdict on one alert; needs no desk.", "without_desk.verdict"
    ),
    "case": CommandEntry("Maintain", "Write the case file of one alert, from the desk's database."),
    "report": CommandEntry("Maintain", "Report a period's figures: what was found, how often it was wrong."),
    "account": CommandEntry("Maintain", "Show, export or erase what is kept of one account."),
    "pepper": CommandEntry(
        "Maintain", "Create, rotate and drop the secret keys for personal values.", "secrets.pepper"
    ),
    "keys": CommandEntry("Maintain", "Create, list and revoke API keys for the gate.", "secrets.keys"),
    "doctor": CommandEntry(
        "Maintain", "Check what a worker, gate, desk, deliver process or bridge needs, and say how to fix it."
    ),
    "letters": CommandEntry("Maintain", "List, show, replay and drop dead letters; resume a topic."),
    "rebuild": CommandEntry("Maintain", "Fill the store again from the topic accounts.banned."),
}


def module_of(name: str) -> str:
    entry = COMMANDS[name]
    return f"cli.commands.{entry.module or name.replace('-', '_')}"
