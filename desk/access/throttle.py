"""How often somebody may try to sign in, so that guessing is slow and nobody keeps anybody out.

1. A name is never locked. Tries are counted by name *and* network, so that a stranger's cost nobody else one.
2. A browser in which somebody signed in bears a signed cookie of that name. It has a count of its own, and
   waits for nobody: not for its network, not for those who guess at the name.
3. After `GUESSES_MAX` wrong passwords an hour at one name, other browsers wait: they are given a moment,
   signed, from which on they may try once. The wait grows to `WAIT_SECONDS_MAX`.
4. Checking a password takes a processor 20 ms, on purpose. Strangers have one at a time, in a short queue.

Every count is in this process: desks that share a database let through so many times as much.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Final

from desk.errors import ReviewError
from streams.serving.token_bucket import Rates

TRIES_AT_ONCE: Final = 10
TRY_SECONDS: Final = 6.0
"""Of one name in one network, or of one browser: a slip of the keyboard is one or two; then ten a minute."""

NETWORK_TRIES_AT_ONCE: Final = 60
NETWORK_TRY_SECONDS: Final = 1.0
"""Of one network: fifty people begin a shift within a minute. It holds one machine that tries many names."""

GUESSES_MAX: Final = 100
"""Wrong passwords an hour at one name: more than all who share a name's first letters mistype."""

WAIT_SECONDS_MAX: Final = 60.0
"""Of a browser that the name is not known to have used: reached at twice `GUESSES_MAX`."""

MAY_TRY_SECONDS: Final = 600.0
"""For how long a moment that was waited for holds: somebody looks away meanwhile."""

KNOWN_SECONDS: Final = 180 * 86_400.0
"""For how long a browser is known: half a year of holidays, sick leave and shifts elsewhere."""

BUCKETS_MAX: Final = 20_000
"""Counts that are kept, the one used last longest: 5 MB. More networks are held by the queue alone."""

CELLS: Final = 4_096
"""Counts of wrong passwords, by a keyed digest of the name: as many names as anybody makes up find no more
room, and push none out. Two names share one with a chance of 1 in 4,096: then one waits for the other's."""

USED_MAX: Final = 40_000
"""Moments that were used: beyond what the queue lets through within `MAY_TRY_SECONDS`, 50 a second."""

WAITING_MAX: Final = 64
"""Passwords of strangers in the queue: the last waits for some 1.3 s; further ones are refused."""

_HOUR: Final = 3_600.0
_COOKIES_MAX: Final = 8
"""Of which the signature is checked, where no name is known yet: people who share a machine."""


class TriedTooOften(ReviewError):
    """Too many tries: another is possible in `wait_seconds`, by the browser that bears `moment`."""

    code = "busy"

    def __init__(self, wait_seconds: float, moment: str = "") -> None:
        super().__init__("tried too often")
        self.wait_seconds = wait_seconds
        self.moment = moment


class Signer:
    """Signs what a browser keeps: which name it is known to, or from when on it may try."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def digest(self, name: str) -> str:
        """What stands for a name: in the name of a cookie, and among counts."""
        return blake2b(name.encode(errors="surrogatepass"), key=self._key[:32], digest_size=8).hexdigest()

    def signed(self, kind: str, digest: str, until: float, nonce: str, of: str = "") -> str:
        """A value of a cookie that holds until a moment (Unix seconds)."""
        said = f"{int(until)}.{nonce}"
        return f"{said}.{self._mac(kind, digest, said, of)}"

    def nonce_of(
        self, kind: str, digest: str, value: str, now: float, of: str = ""
    ) -> tuple[int, str] | None:
        """Returns the moment and nonce of a value that this desk signed and that still holds, else None."""
        said, _, mac = value.rpartition(".")
        until, _, nonce = said.partition(".")
        if not hmac.compare_digest(
            mac.encode(errors="surrogatepass"), self._mac(kind, digest, said, of).encode()
        ):
            return None
        return (int(until), nonce) if now < int(until) else None

    def _mac(self, kind: str, digest: str, said: str, of: str) -> str:
        text = "\x00".join((kind, digest, of, said))
        return hmac.new(self._key, text.encode(errors="surrogatepass"), sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Try:
    """A try: the digest of its name, and the nonces of a known browser and of a moment waited for."""

    digest: str
    known: str | None
    moment: str | None = None


class Throttle:
    """Lets tries through, or raises `TriedTooOften`. `now` is Unix seconds."""

    def __init__(self, key: bytes) -> None:
        """`key` signs cookies: the same for all desks on one database."""
        self.signer = Signer(key)
        per_try = 1 / TRY_SECONDS
        self._names = Rates(burst=TRIES_AT_ONCE, per_second=per_try, known_max=BUCKETS_MAX)
        self._browsers = Rates(burst=TRIES_AT_ONCE, per_second=per_try, known_max=BUCKETS_MAX)
        self._networks = Rates(
            burst=NETWORK_TRIES_AT_ONCE, per_second=1 / NETWORK_TRY_SECONDS, known_max=BUCKETS_MAX
        )
        self._guesses = [(0.0, 0.0)] * CELLS
        self._used: OrderedDict[str, None] = OrderedDict()
        self._strangers, self._acquaintances = asyncio.Lock(), asyncio.Lock()
        self._waiting = 0

    def admit(self, name: str, network: str, *, known: str, moment: str, nonce: str, now: float) -> Try:
        """Lets one try through. `known` and `moment` are what the browser bears; `nonce` is new.

        Raises:
            TriedTooOften: this browser is to wait.
        """
        digest = self.signer.digest(name)
        read = self.signer.nonce_of("known", digest, known, now)
        if read is not None and self._browsers.allow(f"{digest}.{read[1]}", now):
            return Try(digest, read[1])
        waited = None
        share = (self._level(digest, now) - GUESSES_MAX) / GUESSES_MAX
        if wait_seconds := (0.0 if share <= 0.0 else max(1.0, min(1.0, share) * WAIT_SECONDS_MAX)):
            waited = self._waited(digest, network, moment, now)
            if waited is None:
                until = now + wait_seconds + MAY_TRY_SECONDS
                raise TriedTooOften(wait_seconds, self.signer.signed("moment", digest, until, nonce, network))
        if not self._networks.allow(network, now) or not self._names.allow(f"{digest}.{network}", now):
            raise TriedTooOften(TRY_SECONDS)
        return Try(digest, None, waited)

    def knows(self, cookies: Iterable[tuple[str, str]], now: float) -> str | None:
        """The nonce of the first of some cookies, by the digest each is of, that this desk signed."""
        for _, (digest, value) in zip(range(_COOKIES_MAX), cookies, strict=False):
            read = self.signer.nonce_of("known", digest, value, now)
            if read is not None:
                return read[1]
        return None

    @asynccontextmanager
    async def turn(self, attempt: Try) -> AsyncIterator[None]:
        """Holds a turn to check a password. Raises `TriedTooOften` where too many wait for one."""
        if attempt.known is not None:
            async with self._acquaintances:
                yield
            return
        if self._waiting >= WAITING_MAX or attempt.moment in self._used:
            raise TriedTooOften(TRY_SECONDS)
        if attempt.moment is not None:  # here and not before: a full queue must not use it up
            self._used[attempt.moment] = None
            if len(self._used) > USED_MAX:
                self._used.popitem(last=False)
        self._waiting += 1
        try:
            async with self._strangers:
                yield
        finally:
            self._waiting -= 1

    def failed(self, attempt: Try, now: float) -> bool:
        """Counts a wrong password. Returns True if it is the one from which on others wait."""
        before = self._level(attempt.digest, now)
        self._guesses[self._cell(attempt.digest)] = min(before + 1.0, 2.0 * GUESSES_MAX), now
        return before <= GUESSES_MAX < before + 1.0

    def _waited(self, digest: str, network: str, moment: str, now: float) -> str | None:
        """The nonce of the moment that the browser was given, if that has come and was not used."""
        read = self.signer.nonce_of("moment", digest, moment, now, network)
        if read is None or now < read[0] - MAY_TRY_SECONDS or read[1] in self._used:
            return None
        return read[1]

    def _level(self, digest: str, now: float) -> float:
        """Wrong passwords at a name, of which `GUESSES_MAX` an hour are forgotten."""
        level, at = self._guesses[self._cell(digest)]
        if now < at:  # the clock was set back: nobody waits until it is there again
            self._guesses[self._cell(digest)] = level, now
            return level
        return max(0.0, level - (now - at) * GUESSES_MAX / _HOUR)

    def _cell(self, digest: str) -> int:
        return int(digest, 16) % CELLS
