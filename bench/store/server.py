"""A Redis of our own for a bench, what it says of itself, and how a filled one is kept between runs."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import msgspec
import redis

import bench
import samehand
import simulate
import store
from bench.index.population import cache_folder
from local.redis import EmbeddedRedis

_AT_ONCE = 5_000
_ANSWER_SECONDS_MAX = 600.0  # a snapshot of ten million bans takes minutes to write
_PART = re.compile(rb"^[^{]*\{[0-9a-f]{2}\}:(?P<part>[a-z])")


@dataclass(frozen=True, slots=True)
class Server:
    """One server. Each bench has its own, so that bytes and seconds are its alone.

    ``url`` is a worker's, with its rights; contenders that are compared use ``administrator_url``: they name
    their keys as they like, and none is weighed with the check of each key that a worker's user costs.
    """

    url: str
    administrator_url: str
    client: Any  # `redis.Redis`, whose answers are typed as what none of these commands answers

    def bytes_used(self) -> int:
        """Bytes of data in memory, what the server needs for itself and for clients left out."""
        return int(self.client.info("memory")["used_memory_dataset"])

    def cpu_seconds(self) -> float:
        """Processor seconds of the server's own thread and the system's work for it."""
        info = self.client.info("cpu")
        return float(info["used_cpu_sys"] + info["used_cpu_user"])

    def version(self) -> str:
        """Which server it is, and its memory allocator."""
        info = self.client.info()
        name = info.get("server_name", "redis")
        return f"{name} {info.get('valkey_version', info['redis_version'])}, {info['mem_allocator']}"

    def keep(self, path: Path) -> None:
        """Writes all of its data to one file, which is there only when it is whole."""
        self.client.save()
        told = self.client.config_get("d*")
        part = path.with_suffix(f".{os.getpid()}.part")
        shutil.move(Path(str(told["dir"])) / str(told["dbfilename"]), part)
        part.replace(path)

    def bytes_by_part(self) -> dict[str, tuple[int, int]]:
        """For each letter that a store's keys begin with: how many keys, and their bytes as told."""
        keys, size = Counter[str](), Counter[str]()
        cursor = 0
        while True:
            cursor, names = self.client.scan(cursor, count=_AT_ONCE)
            pipeline = self.client.pipeline(transaction=False)
            for name in names:
                pipeline.memory_usage(name, samples=0)
            for name, used in zip(names, pipeline.execute(), strict=True):
                found = _PART.match(name)
                part = found["part"].decode() if found else ""
                keys[part] += 1
                size[part] += used or 0
            if cursor == 0:
                return {part: (count, size[part]) for part, count in keys.items()}


class _Patient(EmbeddedRedis):
    """A snapshot of some gigabytes takes a minute to read, before anything is answered."""

    start_seconds_max = 600.0


@contextmanager
def server(snapshot: Path | None = None) -> Iterator[Server]:
    """An embedded server without persistence, which begins with the snapshot, if there is one.

    The disk is no part of the question.
    """
    settings = {"appendonly": "no", "rdbcompression": "no"}
    if snapshot is not None:
        settings |= {"dir": str(snapshot.parent), "dbfilename": snapshot.name}
    with _Patient(settings=settings) as running:
        client = redis.Redis.from_url(running.administrator_url, socket_timeout=_ANSWER_SECONDS_MAX)
        try:
            yield Server(running.url, running.administrator_url, cast(Any, client))
        finally:
            client.close()


T = TypeVar("T")

# What handles become in a store; how pairs are scored is no part of it.
_MAKES_KEYS = (
    (samehand, ("*.py", "normalize/**/*", "frequency/**/*", "names/*.py", "blocking/*.py", "signals/*.py")),
    (store, ("*.py", "common/*.py", "redis/*.py", "redis/lua/*.lua")),
    (simulate, ("*.py", "tongues/*")),
    (bench, ("index/population.py", "store/bans.py")),
)


class CachedServer(Generic[T]):
    """A filled server under a name, and what was measured as it was filled (a type that msgspec reads)."""

    def __init__(self, name: str, told: type[T], also: Sequence[str] = ()) -> None:
        """Takes a name that says contender, crowd and number of bans; ``also``: sources of its own."""
        self._name = name
        self._told = told
        self._file = cache_folder() / f"{name}-{_digest(also)[:16]}.rdb"

    def server(self) -> AbstractContextManager[Server]:
        """A server with the kept content, or an empty one where there is none."""
        return server(self._file if self.there else None)

    @property
    def there(self) -> bool:
        """True if it was filled before."""
        return self._file.exists() and self._facts.exists()

    async def filled(self, own: Server, fill: Callable[[], Awaitable[T]]) -> T:
        """What was measured as the server was filled: before, or now."""
        if self.there:
            return msgspec.json.decode(self._facts.read_bytes(), type=self._told)
        told = await fill()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        for former in self._file.parent.glob(f"{self._name}-{'?' * 16}.*"):
            former.unlink()
        own.keep(self._file)
        self._facts.write_bytes(msgspec.json.encode(told))
        return told

    @property
    def _facts(self) -> Path:
        return self._file.with_suffix(".json")


def _digest(also: Sequence[str]) -> str:
    found = sha256()
    for source in also:
        found.update(Path(source).read_bytes())
    for room, patterns in _MAKES_KEYS:
        root = Path(str(room.__file__)).parent
        for file in sorted(file for pattern in patterns for file in root.glob(pattern) if file.is_file()):
            found.update(f"{file.relative_to(root)}\n".encode())
            found.update(file.read_bytes())
    return found.hexdigest()
