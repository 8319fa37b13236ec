"""Pictures of accounts that a reader's queue shows, fetched so that they stand when an alert opens.

They lie in a folder of this process alone, for an hour at most, and in no database or backup.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from desk.profiles.source import Profile, ProfileSource

KEPT_SECONDS: Final = 3_600.0
KEPT_BYTES_MAX: Final = 200 * 1024 * 1024


def data_url(picture: bytes | None) -> str:
    """Returns a picture as a page embeds it, "" for none."""
    return f"data:image/webp;base64,{b64encode(picture).decode()}" if picture else ""


class KeptPictures:
    """Asks a source for profiles, and keeps their pictures. `now` in Unix seconds."""

    def __init__(self, source: ProfileSource, now: Callable[[], float]) -> None:
        self._source, self._now = source, now
        self._folder = Path(tempfile.mkdtemp(prefix="samehand-pictures-"))  # of mode 0700
        self._asked: dict[str, float] = {}
        self._kept: dict[
            str, tuple[float, int]
        ] = {}  # since when (Unix seconds), and bytes; the oldest first
        self._fetching = set[asyncio.Task[None]]()

    async def of(self, key: str) -> Profile:
        """Returns an account's profile as it is now, and keeps its picture."""
        platform, _, account_id = key.partition(":")
        name = _name(key)
        self._asked[name] = asked = self._now()
        profile = await self._source.profile(platform, account_id)
        # What an erasure met on its way must not come after it.
        if profile.picture and self._asked.get(name) == asked:
            self._drop(name)
            (self._folder / name).write_bytes(profile.picture)
            self._kept[name] = asked, len(profile.picture)
            self.sweep()
        return profile

    def find(self, key: str, *, before: float = math.inf) -> str:
        """Returns the data URL of an account's picture, asked for before a moment; "" without one."""
        since, _ = self._kept.get(_name(key), (math.inf, 0))
        if not self._now() - KEPT_SECONDS < since < before:
            return ""
        return data_url((self._folder / _name(key)).read_bytes())

    def fetch(self, keys: Iterable[str]) -> None:
        """Begins to fetch the pictures of accounts that were not asked for within the hour."""
        new = [key for key in keys if self._asked.get(_name(key), -math.inf) <= self._now() - KEPT_SECONDS]
        self._asked |= {_name(key): self._now() for key in new}
        task = asyncio.create_task(self._fetch(dict.fromkeys(new)))
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    async def _fetch(self, keys: Iterable[str]) -> None:
        for key in keys:
            await self.of(key)

    def sweep(self) -> None:
        """Deletes what was kept for an hour, and the oldest beyond `KEPT_BYTES_MAX`."""
        until = self._now() - KEPT_SECONDS
        size = sum(size for _, size in self._kept.values())
        for name, (since, of) in list(self._kept.items()):
            if since <= until or size > KEPT_BYTES_MAX:
                size -= of
                self._drop(name)
        self._asked = {name: at for name, at in self._asked.items() if at > until}

    def empty(self) -> None:
        """Deletes all pictures: something was erased, and nobody looks whose."""
        self._asked.clear()
        for name in list(self._kept):
            self._drop(name)

    async def close(self) -> None:
        """Ends what is being fetched, deletes the folder, and closes the source."""
        for task in self._fetching:
            task.cancel()
        shutil.rmtree(self._folder, ignore_errors=True)
        await self._source.close()

    def _drop(self, name: str) -> None:
        self._kept.pop(name, None)
        with suppress(FileNotFoundError):
            (self._folder / name).unlink()


def _name(key: str) -> str:
    return sha256(key.encode()).hexdigest()
