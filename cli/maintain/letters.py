"""``samehand letters``: dead letters for people."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import wraps
from itertools import count
from typing import Any

import click

from cli import output
from cli.exit_codes import NotDone
from cli.options import MOMENT, F, flag, option
from report.text import plural, visible
from streams.deadletters import admin as post
from streams.deadletters import control_topic
from streams.deadletters.admin import Letter, Wanted
from streams.settings import load


@click.group("letters")
def command() -> None:
    """List, replay and drop dead letters; resume a topic that stopped.

    A dead letter is a record that could not be processed, kept with its reason on the topic deadletters. It
    is named by the address of its record, TOPIC:PARTITION:OFFSET. The reason quotes nothing of the record;
    `letters list --value` prints the record, which may hold personal data.

    \b
    Examples:
      samehand letters list --reason missing-field
      samehand letters list accounts.created:3:1207
      samehand letters replay --topic accounts.created --since 2026-11-20
      samehand letters resume accounts.created
    """


def _filters(function: F) -> F:
    """The conditions of `list`, `replay` and `drop`, all of which must hold; the command gets `wanted`."""

    @option("--topic", "Only letters about records of this topic.", metavar="TOPIC")
    @option("--reason", "Only letters with this reason, such as missing-field.", metavar="CODE")
    @option(
        "--since", "Only letters since this moment (UTC), such as 2026-11-20 or 2026-11-20T09:30:00Z.", MOMENT
    )
    @option("--until", "Only letters until this moment; a date alone is its midnight, UTC.", MOMENT)
    @wraps(function)
    def filtered(
        *, topic: str | None, reason: str | None, since: datetime | None, until: datetime | None, **rest: Any
    ) -> Any:
        first, last = (None if date is None else date.timestamp() for date in (since, until))
        return function(wanted=Wanted(topic, reason, first, last), **rest)

    return filtered  # type: ignore[return-value]  # a command with other parameters, as click calls it


@command.command("list", short_help="List dead letters, oldest first, or one.")
@click.argument("address", required=False, metavar="[TOPIC:PARTITION:OFFSET]")
@_filters
@flag("--all", "Also list letters that were replayed or dropped.", "done_too")
@flag("--value", "Also print the named record; it may hold personal data.", "with_value")
@output.json_option
def list_(address: str | None, wanted: Wanted, done_too: bool, with_value: bool) -> int:
    """List dead letters that were neither replayed nor dropped, oldest first, without their records.

    With the address of a record, list the letter about it, whatever became of it.

    \b
    Examples:
      samehand letters list
      samehand letters list --topic accounts.created --since 2026-11-20
      samehand letters list accounts.created:3:1207 --value
    """
    if with_value and address is None:
        raise click.UsageError("--value wants the address of one record")
    wanted = replace(wanted, open_only=not (done_too or address), address=address and _address(address))
    letters = post.list_letters(load(), wanted)
    if address and not letters:
        raise NotDone(f"there is no dead letter for {address}")
    return output.result(
        {"letters": [_row(letter, with_value) for letter in letters]},
        *(line for letter in letters for line in _lines(letter, with_value)),
        plural(len(letters), "dead letter"),
    )


def _several(command: F) -> F:
    """What says which letters are replayed or dropped."""
    everything = flag("--all", "All letters; needed if no address and no condition is given.", "everything")
    address = click.argument("address", required=False, metavar="[TOPIC:PARTITION:OFFSET]")
    return address(_filters(everything(command)))


@command.command("replay", short_help="Send the records of dead letters to their topics again.")
@_several
@flag("--again", "Also replay letters that were replayed or dropped before.")
@output.json_option
def replay(address: str | None, wanted: Wanted, again: bool, everything: bool) -> int:
    """Send the records of dead letters to their topics again, for example after a fix.

    Name one letter by its address, or several by conditions, all of which must hold. A letter that was
    replayed or dropped is not sent again without --again. Exit code 1 means that some records are gone from
    their topics.

    \b
    Examples:
      samehand letters replay accounts.created:3:1207
      samehand letters replay --reason missing-field --since 2026-11-20
    """
    wanted = _narrowed(address, wanted, everything)
    sent = count(1)
    with output.progress("replaying", None) as hear:
        replayed = post.replay(load(), wanted, again=again, progress=lambda _: hear(next(sent)))
    for gone in replayed.gone:
        output.note(f"{gone}: its record is no longer on its topic")
    return output.result(
        {"sent": replayed.sent, "gone": list(replayed.gone)},
        f"{plural(replayed.sent, 'record')} sent again, {len(replayed.gone)} gone",
        code=1 if replayed.gone else 0,
    )


@command.command("drop", short_help="Mark dead letters as done without replaying them.")
@_several
@output.json_option
def drop(address: str | None, wanted: Wanted, everything: bool) -> int:
    """Mark dead letters as done without replaying them. Their bytes stay until the topic's retention ends.

    Name one letter by its address, or several by conditions, all of which must hold.

    \b
    Examples:
      samehand letters drop accounts.created:3:1207
      samehand letters drop --topic accounts.created --until 2026-11-20
    """
    dropped = post.drop(load(), _narrowed(address, wanted, everything))
    return output.result({"dropped": dropped}, f"{plural(dropped, 'dead letter')} dropped")


@command.command("resume", short_help="Resume a topic that stopped after too many dead letters.")
@click.argument("topic")
@output.json_option
def resume(topic: str) -> int:
    """Resume a topic that workers stopped reading after too many dead letters. All workers learn
    of it through Kafka.

    Fix the cause first (`samehand letters list --topic TOPIC`). Does nothing, and says so, if the topic is
    not stopped.

    \b
    Example:
      samehand letters resume accounts.created
    """
    settings = load()
    control_topic.require_consumed(settings, topic)
    stopped = control_topic.stopped_topics(settings).get(topic)
    if stopped is not None:
        control_topic.resume(settings, topic)
    words = (
        f"{topic} is not stopped: nothing to resume"
        if stopped is None
        else f"{topic} is resumed; it had stopped: {visible(stopped.why, 200)}"
    )
    return output.result({"topic": topic, "resumed": stopped is not None}, words)


def _narrowed(address: str | None, wanted: Wanted, everything: bool) -> Wanted:
    """Conditions for what cannot be undone: none at all must be meant."""
    dated = wanted.since is not None or wanted.until is not None
    if not (everything or address or wanted.topic or wanted.reason or dated):
        raise click.UsageError("say which letters: an address, a condition, or --all")
    return wanted if address is None else replace(wanted, address=_address(address))


def _address(text: str) -> str:
    topic, _, rest = text.partition(":")
    partition, _, offset = rest.partition("@")[0].partition(":")
    if not (topic and partition.isdecimal() and offset.isdecimal()):
        raise click.BadParameter(
            f"{visible(text)} is not the address of a record, such as accounts.created:3:1207"
        )
    return text


def _row(letter: Letter, with_value: bool) -> dict[str, Any]:
    record = letter.record
    raw = {"key": _base64(record.key), "value": _base64(record.value)} if with_value else {}
    return {
        "address": record.address,
        "reason": record.reason,
        "path": record.path,
        "detail": record.detail,
        "at": record.at.isoformat(),
        "value_bytes": record.value_bytes,
        "done": letter.done,
        **raw,
    }


def _lines(letter: Letter, with_value: bool) -> Iterator[str]:
    record = letter.record
    done = f"  ({letter.done})" if letter.done else ""
    at = record.at.isoformat(sep=" ", timespec="seconds")
    yield f"{at}  {record.address}  {record.reason} at {visible(record.path)}{done}"
    if record.detail:
        yield f"  {visible(record.detail, 300)}"
    if with_value:
        yield f"  key   {_readable(record.key)}"
        yield f"  value {_readable(record.value)}"


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode()


def _readable(raw: bytes | None) -> str:
    return "none" if raw is None else visible(raw.decode(errors="replace"), 4_000)
