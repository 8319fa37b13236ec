"""Filled servers, kept between runs: to fill one with a million bans takes ten minutes, to load it one.

A snapshot lies beside the populations (``$XDG_CACHE_HOME/samehand/bench``), named by a digest of whatever its
content follows from: the bans, the sources that make keys, records and layout, and the contender's own. A run
after any of these has changed fills anew, and removes the former snapshot.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

import bench
import samehand
import simulate
import store
from bench.index.population import cache_folder
from bench.store.server import Server, server

T = TypeVar("T")

# What handles become in a store; how pairs are scored is no part of it.
_MAKES_KEYS = (
    (samehand, ("*.py", "normalize/**/*", "frequency/**/*", "names/*.py", "blocking/*.py", "signals/*.py")),
    (store, ("*.py", "common/*.py", "redis/*.py", "redis/lua/*.lua")),
    (simulate, ("*.py", "tongues/*")),
    (bench, ("index/population.py", "store/bans.py", "store/peers.py")),
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
        """Whether it was filled before."""
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
