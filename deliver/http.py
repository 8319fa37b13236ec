"""One request to an endpoint, and what its answer means."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from deliver.addresses import Network, may_be_reached, read_address
from deliver.endpoints import Endpoint
from deliver.shapes import body_of, message_id
from schemas.alerts import AlertSummary, MirrorAlert

ANSWER_BYTES_MAX: Final = 64 * 1024
"""Of an answer nothing is used but its status; this much is read so that its connection can serve again."""

CONNECTIONS_MAX: Final = 8
"""To one endpoint at a time: accounts beside each other, each account's alerts after one another."""

HEADER_BYTES_MAX: Final = 8 * 1024

RETRY_AFTER_SECONDS_MAX: Final = 3600.0
"""A longer `Retry-After` is not believed: nobody would see for so long that the endpoint is back."""

_AWAY: Final = frozenset({408, 425, 429})
"""Of the client's errors those that pass; all others mean that this very request is wrong."""

_USER_AGENT: Final = "samehand"


@dataclass(frozen=True, slots=True)
class Delivered:
    """The endpoint accepted the delivery."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The endpoint will never take it."""

    status: int


@dataclass(frozen=True, slots=True)
class Gone:
    """The endpoint takes nothing any more, and says so (410)."""


@dataclass(frozen=True, slots=True)
class Away:
    """Not now. `why` quotes neither URL nor answer."""

    why: str
    after_seconds: float = 0.0


Answer = Delivered | Refused | Gone | Away


class ForbiddenAddress(OSError):
    """The endpoint's name stands for an address that no webhook goes to."""


class _CheckedResolver(AbstractResolver):
    """Resolves, and keeps what may be reached; aiohttp connects to one of these very addresses."""

    def __init__(self, allowed: tuple[Network, ...]) -> None:
        self._allowed = allowed
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        hosts = await self._inner.resolve(host, port, family)
        kept = [host_entry for host_entry in hosts if _may_be_reached(host_entry["host"], self._allowed)]
        if hosts and not kept:
            raise ForbiddenAddress("its name stands for an address that is not public")
        return kept

    async def close(self) -> None:
        await self._inner.close()


def _may_be_reached(text: str, allowed: tuple[Network, ...]) -> bool:
    address = read_address(text)
    return address is not None and may_be_reached(address, allowed)


class Client:
    """Sends to one endpoint. `now` in Unix seconds. Connects at the first request."""

    def __init__(self, endpoint: Endpoint, now: Callable[[], float]) -> None:
        self._endpoint = endpoint
        self._now = now
        self._opened: aiohttp.ClientSession | None = None

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            endpoint = self._endpoint
            trusted = None if endpoint.ca_file is None else str(endpoint.ca_file)
            context = ssl.create_default_context(cafile=trusted)
            connector = aiohttp.TCPConnector(
                limit=CONNECTIONS_MAX,
                resolver=_CheckedResolver(endpoint.allowed),
                use_dns_cache=False,  # each connection goes to an address that was checked for it
                socket_factory=self._socket,
                ssl=context,
            )
            self._opened = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=endpoint.timeout_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                max_line_size=HEADER_BYTES_MAX,
                max_field_size=HEADER_BYTES_MAX,
                trust_env=False,  # a proxy would resolve the name once more
                auto_decompress=False,  # a small answer might unpack to a large one
            )
        return self._opened

    def _socket(self, info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """A socket for this address and no other: the last look, which a literal in a URL meets, too."""
        family, kind, protocol, _, where = info
        if not _may_be_reached(str(where[0]), self._endpoint.allowed):
            raise ForbiddenAddress("its address is not public")
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def close_at_end(self) -> None:
        """Waits until cancelled, and ends its connections."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def send(self, alert: MirrorAlert | AlertSummary) -> Answer:
        """Sends it once; what came of it. Never raises but when cancelled."""
        body = body_of(alert, self._endpoint)
        try:
            async with self._session.post(
                self._endpoint.url, data=body, headers=self._headers(alert, body), allow_redirects=False
            ) as answer:
                await _read_some(answer)
                return meaning(answer.status, answer.headers.get("Retry-After", ""), self._now())
        except ForbiddenAddress as fault:
            return Away(str(fault))
        except aiohttp.ClientConnectorError as fault:
            cause = fault.os_error
            return Away(str(cause) if isinstance(cause, ForbiddenAddress) else type(fault).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            return Away(type(fault).__name__)  # its text may quote the URL

    def _headers(self, alert: MirrorAlert | AlertSummary, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": _USER_AGENT}
        if self._endpoint.key is not None:
            headers["X-API-KEY"] = self._endpoint.key
        if self._endpoint.secret is not None:
            headers |= self._endpoint.secret.headers(message_id(alert), int(self._now()), body)
        return headers


async def _read_some(answer: aiohttp.ClientResponse) -> None:
    """Its body up to a bound, so that its connection can serve again; else it is closed.

    The status has said what there is to know: a body that does not come changes nothing of it.
    """
    size = 0
    try:
        async for chunk in answer.content.iter_chunked(ANSWER_BYTES_MAX):
            size += len(chunk)
            if size > ANSWER_BYTES_MAX:
                answer.close()
                return
    except (aiohttp.ClientError, TimeoutError):
        answer.close()


def meaning(status: int, retry_after: str, now: float) -> Answer:
    """What an answer means. A redirect is an endpoint that is elsewhere: it is not followed, and holds."""
    if 200 <= status < 300:
        return Delivered()
    if status == 410:
        return Gone()
    if 400 <= status < 500 and status not in _AWAY:
        return Refused(status)
    return Away(f"answered {status}", _seconds(retry_after, now))


def _seconds(text: str, now: float) -> float:
    """`Retry-After`, in seconds or as a date; 0 where it is neither."""
    if text.isascii() and text.isdecimal():
        seconds = float(text[:12])
    else:
        try:
            moment = parsedate_to_datetime(text[:64])
        except (ValueError, OverflowError):  # the endpoint sent a year or a zone that no date has
            return 0.0
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX)
