"""One request to an endpoint, and what its answer means."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aiohttp

from deliver.endpoints import Endpoint
from deliver.shapes import Sendable, body_of, message_id
from streams.outbound.retry_after import retry_after_seconds
from streams.outbound.session import REQUEST_FAULTS, Peer, reason_of

ANSWER_BYTES_MAX: Final = 64 * 1024
"""Of an answer nothing is used but its status; this much is read so that its connection can serve again."""

CONNECTIONS_MAX: Final = 8
"""To one endpoint at a time: accounts beside each other, each account's alerts after one another."""

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


class Client:
    """Sends to one endpoint. `now` in Unix seconds. Connects at the first request."""

    def __init__(self, endpoint: Endpoint, now: Callable[[], float]) -> None:
        self._endpoint = endpoint
        self._now = now
        self._peer = Peer(
            endpoint.allowed,
            ca_file=endpoint.ca_file,
            timeout_seconds=endpoint.timeout_seconds,
            connections_max=CONNECTIONS_MAX,
        )
        self.close = self._peer.close

    async def close_at_end(self) -> None:
        """Waits until cancelled, and ends its connections."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def send(self, alert: Sendable) -> Answer:
        """Sends it once; what came of it. Never raises but when cancelled."""
        body = body_of(alert, self._endpoint)
        headers = {"User-Agent": _USER_AGENT}
        if self._endpoint.key is not None:
            headers["X-API-KEY"] = self._endpoint.key
        if self._endpoint.secret is not None:
            headers |= self._endpoint.secret.headers(message_id(alert), int(self._now()), body)
        try:
            async with self._peer.post(self._endpoint.url, body, headers) as answer:
                await _read_some(answer)
                return meaning(answer.status, answer.headers.get("Retry-After", ""), self._now())
        except REQUEST_FAULTS as fault:
            return Away(reason_of(fault))


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
    return Away(f"answered {status}", retry_after_seconds(retry_after, now))
