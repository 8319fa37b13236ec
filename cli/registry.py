"""Which commands there are. To add one: a module with a ``command`` in its section's folder, and a line here.

The summary is what ``samehand --help`` shows without loading the command.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Section = Literal["Evaluate", "Run", "Maintain"]

SECTIONS: Final[dict[Section, dict[str, str]]] = {
    "Evaluate": {
        "score": "Score accounts against bans, both read from files; needs no servers.",
        "learn": "Propose new signal weights from verdicts; adopts nothing.",
        "map": "Show what a mapping file makes of sample records.",
        "try": "Report what samehand would find in your events; publishes nothing.",
        "simulate": "Write a simulated platform to files, with its true mirrors listed.",
        "size": "Estimate workers, Redis and Kafka for a platform of your size.",
    },
    "Run": {
        "demo": "Run all of samehand on this machine on sample data, and print alerts.",
        "worker": "Score new accounts from Kafka and publish alerts, until stopped.",
        "bridge": "Translate records of your topics into samehand's, until stopped.",
        "gate": "Serve the HTTP API: score sign-ups, take events, until stopped.",
        "deliver": "Send alerts to webhooks, until stopped.",
        "desk": "Serve the web pages where people review alerts, until stopped.",
        "enrol": "Publish bans from files to the topic accounts.banned.",
        "remember": "Store existing accounts, without alerts, for later bans to match.",
        "scan": "Look up existing accounts among the bans; workers alert on mirrors.",
        "watchlist": "Import official lists of proscribed organisations.",
    },
    "Maintain": {
        "alerts": "List alerts and show one, read from Kafka; needs no desk.",
        "verdict": "Publish a verdict on one alert; needs no desk.",
        "case": "Write the case file of one alert, from the desk's database.",
        "report": "Report a period's figures: what was found, how often it was wrong.",
        "account": "Show, export or erase what is kept of one account.",
        "pepper": "Create, rotate and drop the secret keys for personal values.",
        "keys": "Create, list and revoke API keys for the gate.",
        "doctor": "Check what a worker, gate, desk, deliver process or bridge needs, and say how to fix it.",
        "topics": "Write Kafka's topics and rights for Terraform, Strimzi or Kafka's programs.",
        "letters": "List, replay and drop dead letters; resume a topic.",
        "rebuild": "Fill the store again from the topic accounts.banned.",
    },
}


class CommandEntry(NamedTuple):
    """A command in the help: under which heading, and what it does in a few words."""

    section: Section
    summary: str


COMMANDS: Final[dict[str, CommandEntry]] = {
    name: CommandEntry(section, summary)
    for section, commands in SECTIONS.items()
    for name, summary in commands.items()
}


def module_of(name: str) -> str:
    # `try` is a word of Python.
    return f"cli.{COMMANDS[name].section.lower()}.{'trial' if name == 'try' else name}"
