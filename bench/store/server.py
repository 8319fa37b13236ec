"""A Redis of our own for a bench, and what it says of itself."""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import redis

from local.redis import EmbeddedRedis

_AT_ONCE = 5_000
_ANSWER_SECONDS_MAX = 600.0  # a snapshot of ten million bans takes minutes to write
_PART = re.compile(rb"^[^{]*\{\d+\}:(?:g\d+:|b:)?(?P<part>[a-z])")


@dataclass(frozen=True, slots=True)
class Server:
    """One server. Each contender of a bench has its own, so that bytes and seconds are its alone.

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
