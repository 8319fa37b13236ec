"""One errand a command: a command line that it can do, found and checked by the list of commands."""

from __future__ import annotations

import io
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import click
import kafka  # type: ignore[import-untyped]  # kafka-python ships no types
import pytest

from cli.inputs.truths import PAIR
from cli.main import laid_out, run
from cli.options import InputFile
from cli.registry import COMMANDS, module_of
from desk.review.arrivals import Arrivals
from gate.keys import new_key
from schemas.letters import DeadLetter
from store.pepper.pepper import read_peppers
from store.pepper.rotation import replace_file, rotated
from streams.deadletters.record import letter_of
from streams.kafka import topics
from streams.kafka.client import client_options
from streams.kafka.topics import names
from streams.outcomes import Arrival, Dead
from streams.settings import load
from tests.cli.running import at_the_desk, jsonl, publish
from tests.cli.test_offline import an_alert_of, judged
from tests.desk.makers import a_reason, an_alert
from tests.desk.people import A_POLICY
from tests.makers import NOON, a_ban, a_sign_up

Given = Mapping[str, Sequence[object]]
"""Values by the name of a parameter, as click calls it; none for a flag."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a command is given; ``servers``: whether it needs a broker and a Redis."""

    given: Callable[[Path], Given]
    servers: bool = False


def _all() -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        yield from _below(name, laid_out(import_module(module_of(name)).command))


def _below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for below, it in command.commands.items():
            yield from _below(f"{name} {below}", it)


def _only_groups(command: click.Command) -> bool:
    return isinstance(command, click.Group) and not command.invoke_without_command


LEAVES: Mapping[str, click.Command] = {name: it for name, it in _all() if not _only_groups(it)}
GROUPS: tuple[str, ...] = ("", *sorted(name for name, it in _all() if _only_groups(it)))
_numbers = itertools.count(1)
UNTIL_STOPPED = frozenset({"worker", "bridge", "deliver", "demo", "desk", "gate"})
"""These run until they are told to stop, and are tested on their own."""

NAME = "عمر ميديا █"  # no terminal of ours but a UTF-8 one can show it


def _pair(folder: Path) -> Given:
    given: dict[str, Any] = {
        "display_name": NAME,
        "bio": "Updates daily. Backup: t.me/umar_backup",
        "handle": "umar.media",
    }
    ban = jsonl(folder / "bans.jsonl", a_ban("banned", **given))
    return {"bans": [ban], "accounts": [jsonl(folder / "accounts.jsonl", a_sign_up("new", **given))]}


def _truth(folder: Path) -> Given:
    pair = _pair(folder)
    (folder / "truth.csv").write_text(f"{','.join(PAIR)}\ntelegram,new,telegram,banned\n")
    return {**pair, "truth": [folder / "truth.csv"]}


def _learned(folder: Path) -> Given:
    return {
        "verdicts": [jsonl(folder / "verdicts.jsonl", *judged(100))],
        "alerts": [jsonl(folder / "alerts.jsonl", *map(an_alert_of, range(100)))],
    }


def _listed(folder: Path) -> Given:
    lines = ["reference,name,programme", "1,Northern Valley Front,X", f"2,{NAME},X"]
    (folder / "national.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return {"files": [folder / "national.csv"], "authority": ["PK"], "out": [folder / "names.jsonl"]}


def _mapped(folder: Path) -> Given:
    (folder / "mappings.toml").write_text("[topics.hooks]\nformat = 'mastodon'\nconstants.platform = 'm'\n")
    value = {"event": "account.created", "created_at": "2026-03-01T00:00:00Z", "object": {"id": NAME}}
    (folder / "hooks.jsonl").write_text(json.dumps(value) + "\n", "utf-8")
    return {"mapping": [folder / "mappings.toml"], "sample": [folder / "hooks.jsonl"]}


def _tried(folder: Path) -> Given:
    pair = _pair(folder)
    return {"events": pair["accounts"], "bans": pair["bans"], "out": [folder / "tried"]}


def _lettered(folder: Path) -> Given:
    _topics(folder)
    return {"address": [post_letter(names(load()).created, 7).address]}


def _topics(folder: Path) -> Given:
    topics.check(load(), create=True)
    return {}


def _alerted(folder: Path) -> Given:
    _topics(folder)
    alert = an_alert(a_reason(ours=NAME, theirs=NAME))
    publish(names(load()).alerts, alert, key=b"x:new")
    return {"alert": [alert.alert_id]}


def _staffed(folder: Path) -> Given:
    """Somebody at the desk."""
    assert run(["desk", "users", "add", "amina", "--role", "lead", "--link"]) in (0, 2)  # 2: is there already
    return {}


def _a_case(folder: Path) -> Given:
    alert = an_alert(a_reason(ours=NAME, theirs=NAME))

    at_the_desk(lambda connection: Arrivals(connection, A_POLICY, NOON.timestamp()).take_alert(alert))
    return {"alert": [alert.alert_id], "purpose": ["appeal-311"], "page": [folder / "case.html"]}


def _an_account(folder: Path) -> Given:
    """A platform with a store in which somebody is remembered, and an account that is in none of it."""
    _topics(folder)
    assert run(["remember", str(jsonl(folder / "known.jsonl", a_sign_up("known")))]) == 0
    return {"account": [f"telegram:{NAME}"]}


def _any_letters(folder: Path) -> Given:
    return {"everything": []} if _lettered(folder) else {}


def _resumed(folder: Path) -> Given:
    _topics(folder)
    return {"topic": [names(load()).created]}


SECRET = b'{"email": "umar@example.com"'


def post_letter(topic: str, offset: int, reason: str = "not-json") -> DeadLetter:
    """A letter about a record of ``topic``, as delivery writes it."""
    fault = Dead("not-json" if reason == "not-json" else "missing-field")
    letter = letter_of(Arrival(topic, 0, offset, b"x:1", SECRET), fault, time.time())
    publish(topics.names(load()).letters, letter, key=topic.encode())
    return letter


def seem_read(topic: str) -> None:
    """Has the workers' group acknowledge what will be published."""
    settings = load()
    topics.check(settings, create=True)
    group = kafka.KafkaConsumer(**client_options(settings), group_id=settings.kafka_group)
    places = [kafka.TopicPartition(topic, partition) for partition in range(settings.topic_partitions)]
    group.commit({place: kafka.OffsetAndMetadata(1_000, "", -1) for place in places})
    group.close()


def _scanned(folder: Path) -> Given:
    seem_read(names(load()).scanned)
    return {"paths": _pair(folder)["accounts"], "bookmark_path": [folder / "scan.json"]}


def _rebuilt(folder: Path) -> Given:
    _topics(folder)
    return {"bookmark_path": [folder / "bookmark.json"]}


def _rotated(folder: Path) -> Given:
    """A second pepper, so that the first can go; to a file beside, since errands are run again."""
    file = load().pepper_file
    assert file is not None
    replace_file(file, rotated(file.read_text("ascii"), datetime.now(UTC))[0])
    oldest = read_peppers([file]).peppers[-1]
    return {"number": [oldest.pepper_id], "anyway": []}


def _keyed(folder: Path) -> Given:
    """A file of keys with one more in it."""
    path, name = folder / "keys.json", f"k{next(_numbers)}"
    new_key(path, name, frozenset({"score"}), 10.0, datetime.now(UTC))
    return {"path": [path], "name": [name]}


ERRANDS: Mapping[str, Errand] = {
    "score": Errand(_pair),
    "learn": Errand(_learned),
    "map": Errand(_mapped),
    "try": Errand(_tried),
    "simulate": Errand(lambda folder: {"accounts": ["200"], "out": [folder / "simulated"]}),
    "size": Errand(lambda folder: {"sign_ups": ["50000"], "bans": ["20000"]}),
    "enrol": Errand(lambda folder: {"paths": _pair(folder)["bans"]}, servers=True),
    "remember": Errand(lambda folder: {"paths": _pair(folder)["accounts"]}, servers=True),
    "scan": Errand(_scanned, servers=True),
    "watchlist import": Errand(_listed),
    "pepper new": Errand(lambda folder: {"path": [folder / f"pepper{next(_numbers)}"]}),
    "pepper rotate": Errand(lambda folder: {}, servers=True),
    "pepper drop": Errand(_rotated, servers=True),
    "keys new": Errand(lambda folder: {**_keyed(folder), "name": [f"k{next(_numbers)}"], "may": ["score"]}),
    "keys list": Errand(_keyed),
    "keys revoke": Errand(_keyed),
    "doctor": Errand(_topics, servers=True),
    "topics": Errand(lambda folder: {}),
    "desk users add": Errand(
        lambda folder: {"name": [f"amina{next(_numbers)}"], "role": ["lead"], "with_link": []}
    ),
    "desk users list": Errand(_staffed),
    "desk users set": Errand(lambda folder: {**_staffed(folder), "name": ["amina"], "out": []}),
    "desk audit verify": Errand(lambda folder: {**_staffed(folder), "offline": []}),
    "desk audit export": Errand(_staffed),
    "case": Errand(_a_case),
    "report operations": Errand(_staffed),
    "report statements": Errand(
        lambda folder: {**_staffed(folder), "platform": ["x"], "jsonl": [folder / "statements.jsonl"]}
    ),
    "account show": Errand(_an_account, servers=True),
    "account export": Errand(
        lambda folder: {**_an_account(folder), "out": [folder / "account.json"]}, servers=True
    ),
    "account erase": Errand(
        lambda folder: {**_an_account(folder), "yes": [], "ban": [], "out": [folder / "receipt.json"]},
        servers=True,
    ),
    "alerts list": Errand(lambda folder: {"everything": []} if _alerted(folder) else {}, servers=True),
    "alerts show": Errand(_alerted, servers=True),
    "verdict": Errand(
        lambda folder: {**_alerted(folder), "verdict": ["mirror"], "reason": ["same-contact"]}, servers=True
    ),
    "letters list": Errand(lambda folder: {"done_too": []} if _lettered(folder) else {}, servers=True),
    "letters replay": Errand(_any_letters, servers=True),
    "letters drop": Errand(_any_letters, servers=True),
    "letters resume": Errand(_resumed, servers=True),
    "rebuild": Errand(_rebuilt, servers=True),
}


def words(name: str, given: Given) -> list[str]:
    """The command line."""
    line, arguments = name.split(), list[str]()
    for param in LEAVES[name].params:
        if param.name is None or param.name not in given:
            continue
        values = [str(value) for value in given[param.name]]
        if isinstance(param, click.Argument):
            arguments += values
        elif isinstance(param, click.Option) and param.is_flag:
            line.append(param.opts[-1])
        else:
            line += [word for value in values for word in (param.opts[-1], value)]
    return [*line, *arguments]


def inputs(name: str) -> list[str]:
    """The parameters that name a file to read."""
    return [str(it.name) for it in LEAVES[name].params if isinstance(it.type, InputFile)]


def outputs(name: str) -> list[str]:
    """The parameters that name a file to write."""
    return [
        str(it.name)
        for it in LEAVES[name].params
        if isinstance(it.type, click.Path) and not isinstance(it.type, InputFile) and not it.type.dir_okay
    ]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a run."""

    code: int
    out: str
    err: str


def run_into(
    line: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    out: BinaryIO | None = None,
    err: BinaryIO | None = None,
    encoding: str = "utf-8",
    stdin: bytes = b"",
) -> Seen:
    """Runs a command with streams of its own: files that nobody else holds, in an encoding."""
    with _scratch() as (seen_out, seen_err):
        target, faults = out or seen_out, err or seen_err
        with monkeypatch.context() as patch:
            stdout = io.TextIOWrapper(os.fdopen(os.dup(target.fileno()), "wb"), encoding)
            stderr = io.TextIOWrapper(os.fdopen(os.dup(faults.fileno()), "wb"), encoding)
            patch.setattr(sys, "stdout", stdout)
            patch.setattr(sys, "stderr", stderr)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            code = run(line)
            stdout.close()  # as at the end of a process: what is held must not fail now
            stderr.close()
        return Seen(code, _read(seen_out, encoding), _read(seen_err, encoding))


@contextmanager
def _scratch() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        yield out, err


def _read(file: BinaryIO, encoding: str) -> str:
    file.seek(0)
    return file.read().decode(encoding)
