"""Keys of callers: who may ask the gate for what, how often, in a file that holds digests and no secret.

A key reads ``samehand_ID_SECRET``. The secret has 256 random bits, so that nobody guesses it from a plain
SHA-256, which costs a microsecond to check. The file is JSON, written whole and put in its place in one step;
``samehand keys`` writes it and every gate reads it anew when it changes.
"""

from __future__ import annotations

import fcntl
import hmac
import math
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import structlog
from msgspec import Meta, Struct

from gate.rights import EVENTS, May, clash_of, covers
from streams.serving.token_bucket import TokenBucket

KEYS_MAX: Final = 1_000
"""A key is a program of the platform's; a thousand are some hundred KiB to read when one is made."""

FILE_BYTES_MAX: Final = 1024 * 1024
RATE_MIN: Final = 0.01
RATE_MAX: Final = 1_000_000.0
LOOK_SECONDS: Final = 1.0
"""How long a revoked key may still work: as often the file is asked whether it has changed."""

RECORDS_SECONDS: Final = 60.0
"""A call holds at most the records that the key may publish in a minute: no leaked key does more at once."""

_MARK: Final = "samehand"
_KEY: Final = re.compile(rf"{_MARK}_([0-9a-f]{{12}})_([A-Za-z0-9_-]{{43}})")
_RATE: Final = re.compile(r"([0-9]{1,7})/(s|min)")
_SECONDS: Final[Mapping[str, float]] = {"s": 1.0, "min": 60.0}

log = structlog.get_logger("samehand.gate")

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$(?!\n)")]


class UnusableKeys(Exception):
    """The file of keys cannot be used; says which file and why, and nothing of what is in it."""


class Key(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One caller. `digest` is the SHA-256 of its secret, in hexadecimal.

    `rate` is records a second: a question is one, and so is a reading. Keys that release 0.2 made say nothing
    of `per`, and theirs counts calls.
    """

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{12}$(?!\n)")]
    name: Name
    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
    may: frozenset[May]
    rate: Annotated[float, Meta(ge=RATE_MIN, le=RATE_MAX)]
    created_at: datetime
    per: Literal["call", "record"] = "call"

    def has(self, right: str) -> bool:
        """Returns whether it has a right, for any kind and any platform."""
        return any(granted.replace("@", ":").partition(":")[0] == right for granted in self.may)

    def covers(self, right: str, platform: str | None = None) -> bool:
        """Returns whether it has `appeals` or `events:KIND` for a platform, or for any."""
        return covers(self.may, right, platform)

    @property
    def records_max(self) -> float:
        """How many records one call of it may hold."""
        return max(1.0, RECORDS_SECONDS * self.rate) if self.per == "record" else math.inf

    @property
    def warning(self) -> str:
        """What is too wide of it, "" where nothing is."""
        wide = "publishes every kind of event for every platform" if EVENTS in self.may else ""
        calls = "its rate counts calls, of up to 1,000 records each" if self.per == "call" else ""
        takes_arrays = self.has(EVENTS) or self.has("verdicts")
        return "; ".join(filter(None, (wide, calls if takes_arrays else "")))

    def __repr__(self) -> str:
        return f"Key(name={self.name!r})"


class _File(Struct, kw_only=True, forbid_unknown_fields=True):
    version: Literal[1] = 1
    keys: Annotated[tuple[Key, ...], Meta(max_length=KEYS_MAX)] = ()


def read_keys(path: Path) -> tuple[Key, ...]:
    """The keys of a file; none where there is no file. Raises `UnusableKeys`."""
    try:
        # Opening a pipe blocks until somebody writes into it, and a gate with it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnusableKeys(f"{path}: is no file")
            raw = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return ()
    except OSError as fault:
        raise UnusableKeys(f"{path}: {fault.strerror or 'cannot be read'}") from None
    if len(raw) > FILE_BYTES_MAX:
        raise UnusableKeys(f"{path}: is over {FILE_BYTES_MAX // 1024} KiB")
    try:
        return msgspec.json.decode(raw, type=_File).keys
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnusableKeys(f"{path}: is no file of keys; `samehand keys new` makes one") from None


def new_key(path: Path, name: str, may: frozenset[May], rate: float, now: datetime) -> str:
    """Adds a key and answers it whole, which is nowhere else. Raises `UnusableKeys`, `OSError`."""
    if clash := clash_of(may):
        raise UnusableKeys(clash)
    secret = secrets.token_urlsafe(32)
    try:
        key = msgspec.convert(
            {
                "id": secrets.token_hex(6),
                "name": name,
                "digest": _digest(secret),
                "may": list(may),
                "rate": rate,
                "created_at": now,
                "per": "record",
            },
            Key,
        )
    except msgspec.ValidationError as fault:
        if "$.may" in str(fault):
            raise UnusableKeys("a right is none that `samehand keys new --help` lists") from None
        raise UnusableKeys("a name has up to 64 letters, digits, `_`, `.` and `-`") from None
    path = path.resolve()  # a link stays one: others read what it points to
    with _locked(path):
        known = read_keys(path)
        if any(other.name == name for other in known):
            raise UnusableKeys(f"{path}: there is a key {name!r} already; revoke it first, or name another")
        if len(known) >= KEYS_MAX:
            raise UnusableKeys(f"{path}: has {KEYS_MAX} keys; revoke some first")
        _write(path, (*known, key))
    return f"{_MARK}_{key.id}_{secret}"


def revoke_key(path: Path, name: str) -> bool:
    """Takes a key out; whether there was one. Raises `UnusableKeys`, `OSError`."""
    path = path.resolve()
    with _locked(path):
        known = read_keys(path)
        left = tuple(key for key in known if key.name != name)
        if len(left) < len(known):
            _write(path, left)
    return len(left) < len(known)


def rate_of(text: str) -> float:
    """Records a second, of `200/s` or `30/min`. Raises `ValueError` with what to write."""
    match = _RATE.fullmatch(text)
    rate = int(match[1]) / _SECONDS[match[2]] if match else 0.0
    if not 0 < rate <= RATE_MAX:
        raise ValueError("must be like 200/s or 30/min")
    return rate


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One who changes the file at a time: of two keys made at once neither may be lost."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _write(path: Path, keys: tuple[Key, ...]) -> None:
    """In one step, for its owner alone, with the owner and group that it had."""
    before = path.stat() if path.exists() else None
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(_File(keys=keys)), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if before is not None:
            os.chmod(name, stat.S_IMODE(before.st_mode))
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(name, before.st_uid, before.st_gid)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # after a power cut a revoked key must not be back
    finally:
        os.close(folder)


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


@dataclass(slots=True)
class Keyring:
    """The keys in force, as a running gate has them.

    A file that cannot be used all at once leaves those in force that were, and is read again each second:
    sign-ups go on, and ``fault`` and the log say so. A file that has gone leaves none.
    """

    path: Path
    ticks: Callable[[], float]
    _keys: Mapping[str, Key] = field(default_factory=dict)
    _buckets: dict[str, TokenBucket] = field(default_factory=dict)
    fault: str = ""
    _seen: tuple[int, ...] | None = None
    _looked_at: float | None = None

    def __post_init__(self) -> None:
        """Reads the file. Raises `UnusableKeys`."""
        self._seen = self._state()
        self._take(read_keys(self.path))
        self._looked_at = self.ticks()

    def __len__(self) -> int:
        """How many keys are in force."""
        self._look()
        return len(self._keys)

    def find(self, text: str) -> Key | None:
        self._look()
        match = _KEY.fullmatch(text)
        if match is None:
            return None
        key = self._keys.get(match[1])
        # As long for a key that there is none of: which ids there are is nobody's business.
        known = key.digest if key is not None else _digest("")
        same = hmac.compare_digest(known, _digest(match[2]))
        return key if same and key is not None else None

    def wait_seconds(self, key: Key) -> float:
        """0 where the key may make this call, which is then counted; else seconds until it may."""
        ticks = self.ticks()
        bucket = self._buckets.setdefault(key.id, TokenBucket(max(1.0, key.rate), ticks))
        return bucket.take(key.rate, max(1.0, key.rate), ticks)

    def charge(self, key: Key, records: int) -> float:
        """Counts the records of a call beyond the first, which `wait_seconds` counted.

        Returns 0 where they are counted; else the seconds until they may be sent again: calls that came at
        once have spent what was left.
        """
        bucket = self._buckets.get(key.id)
        if bucket is None or key.per == "call" or records <= 1:
            return 0.0
        if bucket.tokens < 0.0:
            return (1.0 - bucket.tokens) / key.rate
        bucket.tokens -= records - 1
        return 0.0

    def _look(self) -> None:
        if self._looked_at is not None and self.ticks() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = self.ticks()
        state = self._state()
        if state == self._seen:
            return
        try:
            self._take(read_keys(self.path))
        except UnusableKeys as fault:
            if str(fault) != self.fault:
                log.error("the keys stay as they were", why=str(fault))
            self.fault = str(fault)
            return
        self._seen, self.fault = state, ""
        log.info("keys read", keys=len(self._keys))

    def _take(self, keys: tuple[Key, ...]) -> None:
        self._keys = {key.id: key for key in keys}
        self._buckets = {known: bucket for known, bucket in self._buckets.items() if known in self._keys}

    def _state(self) -> tuple[int, ...] | None:
        """What changes when the file does; the fourth cannot be set back, as copying sets back the third."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size
