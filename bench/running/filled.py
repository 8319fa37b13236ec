"""A Redis that holds so many bans: filled once, kept as a snapshot outside the repository, loaded each turn.

A snapshot is named by all that decides what lies in it: seed, size, the versions of layout, fold and
records, the scripts that write, and a digest of what a sample of bans becomes. So it is made anew when,
and only when, the code would write something else.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import msgspec

from agents.common.distil import ban_of
from agents.runtime.store_factory import peppers_of, store_of
from bench.index.population import cache_folder
from bench.running.crowd import BANNED_AT, DAY_SECONDS, aged, ban, is_original, people
from bench.store.server import Server, server
from samehand.fingerprint.distil import RECORD_VERSION
from samehand.normalize.text.fold import FOLD_VERSION
from simulate.population.people import Person
from store.base import Ban
from store.redis.layout import LAYOUT
from store.redis.scripts import SCRIPTS
from streams.settings import Settings, load

SEED: Final = 7
PROCESSES: Final = 2

_SAMPLE: Final = 256
_BATCH: Final = 256
_STORE_BANS_MIN: Final = 1_000  # the least that the settings lay a store out for
_REDIS_MS: Final = 15_000  # a machine busy with other work is no outage, whose batches would be done twice
_EPOCH: Final = b"}:e"  # drawn anew by each store
# A bench has no secrets: the same pepper each time, or no snapshot would fit.
_PEPPER_FILE: Final = f"identity {'5a' * 32}\npepper 1 {'a5' * 32} current\n"


@dataclass(frozen=True, slots=True)
class Filled:
    """A snapshot of so many bans, and some of the banned as people."""

    bans: int
    snapshot: Path
    pepper: Path
    originals: tuple[Person, ...]

    def server(self) -> AbstractContextManager[Server]:
        """A fresh server with it."""
        return server(self.snapshot)


def environment(url: str, pepper: Path, bans: int) -> dict[str, str]:
    """The settings under which the store is filled, and a worker must look at it."""
    return {
        "SAMEHAND_REDIS_URL": url,
        "SAMEHAND_REDIS_TIMEOUT_MS": str(_REDIS_MS),
        "SAMEHAND_PEPPER_FILE": str(pepper),
        "SAMEHAND_STORE_BANS": str(max(_STORE_BANS_MIN, bans)),
    }


def filled(
    bans: int, seed: int = SEED, until: float | None = None, originals: frozenset[int] | None = None
) -> Filled:
    """The snapshot of so many whole bans: from the cache, or made now by two processes.

    All are of one day, or with ``until`` of the two years before that moment. Mirrors will be made of the
    ``originals``, given by their numbers.
    """
    folder, pepper = cache_folder(), pepper_file()
    snapshot = folder / f"bans-{bans}-{seed}-{_mark(bans, seed, pepper, until, originals)}.rdb"
    kept = snapshot.with_suffix(".people")
    if not (snapshot.exists() and kept.exists()):
        _fill(bans, seed, pepper, snapshot, kept, until, originals)
    held = msgspec.msgpack.decode(kept.read_bytes(), type=tuple[Person, ...])
    return Filled(bans, snapshot, pepper, held)


def midnight() -> float:
    """The last one (Unix seconds): until then go bans of two years, so that runs of one day share a store."""
    return time.time() // DAY_SECONDS * DAY_SECONDS


def pepper_file() -> Path:
    """The secrets that all benches fill and look at stores with."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pepper"
    if not path.exists():
        part = folder / f"pepper.{os.getpid()}"
        part.touch(0o600)
        part.write_text(_PEPPER_FILE, "ascii")
        part.replace(path)
    return path


def _mark(bans: int, seed: int, pepper: Path, until: float | None, originals: frozenset[int] | None) -> str:
    """What else decides the bytes, in sixteen digits."""
    mark = blake2b(digest_size=8)
    chosen = () if until is None else (until,)
    if originals is not None:
        chosen = (*chosen, *sorted(originals))
    mark.update(repr((LAYOUT, FOLD_VERSION, RECORD_VERSION, PROCESSES, *chosen)).encode())
    for name in sorted(SCRIPTS):
        mark.update(SCRIPTS[name].digest.encode())
    with server() as running:
        settings = load(environment(running.url, pepper, bans))
        drawn = list(islice(people(seed, bans, range(bans)), _SAMPLE))
        asyncio.run(_enrol(settings, enumerate(drawn), until))
        for line in sorted(_contents(running.client)):
            mark.update(line)
    return mark.hexdigest()


def _contents(client: Any) -> Iterator[bytes]:
    """Every key of the banned with its value, in no order; not the epoch, which is drawn."""
    for key in client.scan_iter(count=1_000):
        kind = client.type(key)
        if key.endswith(_EPOCH):
            continue
        if kind == b"string":
            yield key + b"=" + client.get(key)
        elif kind == b"hash":
            told = {name: value for name, value in client.hgetall(key).items() if name != b"epoch"}
            yield key + repr(sorted(told.items())).encode()
        elif kind == b"zset":
            yield key + repr(client.zrange(key, 0, -1, withscores=True)).encode()
        elif kind == b"set":
            yield key + repr(sorted(client.smembers(key))).encode()


def _fill(
    bans: int,
    seed: int,
    pepper: Path,
    snapshot: Path,
    kept: Path,
    until: float | None,
    chosen: frozenset[int] | None,
) -> None:
    with server() as running:
        own = environment(running.url, pepper, bans)
        first, *rest = parts(bans)
        originals = fill(own, bans, seed, first, until, chosen)
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
            jobs = [pool.submit(fill, own, bans, seed, part, until, chosen) for part in rest]
            originals += [one for job in jobs for one in job.result()]
        made = kept.with_suffix(f".{os.getpid()}")
        made.write_bytes(msgspec.msgpack.encode(originals))
        made.replace(kept)
        running.keep(snapshot)


def parts(bans: int) -> list[range]:
    """Whom a process draws and enrols at a time; who is drawn depends on where a part begins.

    The first ban goes before all others: it begins the epoch, which two processes at once would each do.
    """
    share = -(-bans // PROCESSES)
    found = [range(first, min(bans, first + share)) for first in range(0, bans, share)]
    return [range(1), range(1, found[0].stop), *found[1:]]


def fill(
    own: dict[str, str],
    bans: int,
    seed: int,
    part: range,
    until: float | None = None,
    chosen: frozenset[int] | None = None,
) -> list[Person]:
    """Enrols a slice under an environment's settings; the people of it that mirrors will be made of."""
    originals: list[Person] = []

    def noted() -> Iterator[tuple[int, Person]]:
        for number, person in zip(part, people(seed, bans, part, chosen), strict=True):
            if is_original(number, bans) if chosen is None else number in chosen:
                originals.append(person)
            yield number, person

    asyncio.run(_enrol(load(own), noted(), until))
    return originals


async def _enrol(settings: Settings, numbered: Iterator[tuple[int, Person]], until: float | None) -> None:
    peppers = peppers_of(settings)
    store = store_of(settings, peppers)
    await store.open()
    now = BANNED_AT + 2 * DAY_SECONDS if until is None else until
    while some := [
        _ban(number, person, peppers.keyers, until) for number, person in islice(numbered, _BATCH)
    ]:
        await store.enrol(some, now=now)
    await store.compact()
    await store.close()


def _ban(number: int, person: Person, keyers: Any, until: float | None) -> Ban:
    return ban_of(ban(number, person, None if until is None else aged(number, until)), keyers)
