"""A command, run as a person runs it, in this process."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from agents.runtime.store_factory import peppers_of
from cli.main import run
from cli.opening import closing_store
from cli.running import awaited
from desk.database.engine import opened
from desk.settings import load
from schemas.record import Record
from schemas.wire import encode
from store.redis import RedisStore
from streams.kafka.client import reader, writer
from streams.outcomes import Arrival

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def figures(self) -> dict[str, Any]:
        """The JSON object on the last line."""
        told: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return told


class Samehand:
    """Runs commands and hands back what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> Ran:
        """One command line; the exit code is what the shell would see."""
        self._capsys.readouterr()
        code = run([str(word) for word in words])
        printed = self._capsys.readouterr()
        return Ran(code, printed.out, printed.err)


def ran_in(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> Ran:
    """A command line, typed in a folder and under an environment of its own."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        for name, value in environment.items():
            patch.setenv(name, value)
        code = run(list(words))
    return Ran(code, *(each.buffer.getvalue().decode() for each in (out, err)))


def jsonl(path: Path, *records: Record | bytes) -> Path:
    """A file with a record (or anything else) a line."""
    lines = [encode(record) if isinstance(record, Record) else record for record in records]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def publish(topic: str, *values: Record | bytes | None, key: bytes = b"any") -> None:
    """Writes records or anything else to a topic, by the settings in force."""
    with writer(load()) as out:
        for value in values:
            raw = encode(value) if isinstance(value, Record) else value
            out.send(topic, key=key, value=raw, headers=[]).get(timeout=60.0)


def published(topic: str) -> list[Arrival]:
    """Everything on a topic."""
    with reader(load()) as opened:
        return [it for partition in opened.partitions(topic) for it in opened.read(topic, partition)]


def of_store(call: Callable[[RedisStore], Awaitable[T]]) -> T:
    """What a call of the store returns, which is open by the settings in force."""

    async def ask() -> T:
        async with closing_store(load(), peppers_of(load())) as store:
            await store.open()
            return await call(store)

    return awaited(ask())


def at_the_desk(act: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """What a transaction on the desk's database returns, by the settings in force."""

    async def acted() -> T:
        address = load().database_url.get_secret_value()
        async with opened(address) as database, database.begin() as connection:
            return await act(connection)

    return asyncio.run(acted())


@contextmanager
def settings(monkeypatch: pytest.MonkeyPatch, **given: object) -> Iterator[None]:
    """The environment of a command: nothing of ours but what is given."""
    with monkeypatch.context() as patch:
        for name, value in given.items():
            patch.setenv(f"SAMEHAND_{name.upper()}", str(value))
        yield
