"""Pictures of accounts that a reader's queue shows, fetched so that they stand when an alert opens.

They lie in a folder of this process alone, for an hour at most, and in no database or backup.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
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
        self._known: dict[str, tuple[float, int]] = {}  # since when (Unix seconds), and bytes, by file
        self._fetching = set[asyncio.Task[None]]()
        self._emptied = 0

    async def of(self, key: str) -> Profile:
        """Returns an account's profile as it is now. Its picture is kept, unless one is."""
        asked, emptied, (platform, _, account_id) = self._now(), self._emptied, key.partition(":")
        profile = await self._source.profile(platform, account_id)
        name = _name(key)
        # What an erasure met on its way must not come after it.
        if profile.picture and emptied == self._emptied and not self._known.get(name, (0, 0))[1]:
            (self._folder / name).write_bytes(profile.picture)
            self._known[name] = asked, len(profile.picture)
            self.sweep()
        return profile

    def find(self, key: str, *, before: float = math.inf) -> str:
        """Returns the data URL of an account's picture, asked for before a moment; "" without one."""
        since, size = self._known.get(_name(key), (math.inf, 0))
        shown = size and self._now() - KEPT_SECONDS < since < before
        return data_url((self._folder / _name(key)).read_bytes()) if shown else ""

    def pairs(self, accounts: Mapping[int, tuple[str, str]]) -> dict[int, tuple[str, str]]:
        """Returns the pictures of both accounts by reading, and begins to fetch those that were not asked for
        within the hour."""
        self.sweep()
        new = {key for pair in accounts.values() for key in pair if _name(key) not in self._known}
        if new:
            self._known |= {_name(key): (self._now(), 0) for key in new}
            task = asyncio.create_task(self._fetch(new))
            self._fetching.add(task)
            task.add_done_callback(self._fetching.discard)
        return {it: (self.find(ours), self.find(theirs)) for it, (ours, theirs) in accounts.items()}

    async def _fetch(self, keys: Iterable[str]) -> None:
        for key in keys:
            await self.of(key)

    def sweep(self) -> None:
        """Deletes what was kept for an hour, and the oldest beyond `KEPT_BYTES_MAX`."""
        until, size = self._now() - KEPT_SECONDS, sum(size for _, size in self._known.values())
        for name, (since, of) in sorted(self._known.items(), key=lambda item: item[1]):
            if since > until and size <= KEPT_BYTES_MAX:
                break
            size -= of
            del self._known[name]
            (self._folder / name).unlink(missing_ok=True)

    def empty(self) -> None:
        """Deletes all pictures: something was erased, and nobody looks whose."""
        self._emptied += 1
        for name in self._known:
            (self._folder / name).unlink(missing_ok=True)
        self._known.clear()

    async def close(self) -> None:
        """Ends what is being fetched, deletes the folder, and closes the source."""
        for task in self._fetching:
            task.cancel()
        shutil.rmtree(self._folder, ignore_errors=True)
        await self._source.close()


def _name(key: str) -> str:
    return sha256(key.encode()).hexdigest()
