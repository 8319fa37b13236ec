"""HTTP sessions that reach only addresses the operator allows, whatever a name resolves to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from streams.outbound.addresses import Network, may_be_reached, read_address

HEADER_BYTES_MAX: Final = 8 * 1024

ANYWHERE: Final[tuple[Network, ...]] = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
"""For an address that the operator names and no caller chooses: it mostly lies in a private network."""

REQUEST_FAULTS: Final = (aiohttp.ClientError, TimeoutError, OSError, ValueError)
"""What a request raises that fails; `reason_of` names it."""

_SocketInfo = tuple[int, int, int, str, tuple[object, ...]]


class ForbiddenAddress(OSError):
    """The name stands for an address that may not be called."""


class UnexpectedAnswer(ValueError):
    """The peer did not answer as agreed; the message quotes nothing of its answer."""


class Peer:
    """Who answers at an address of the operator's. Connects at the first request.

    No cookies, proxy or decompression; ``allowed``: networks beside public ones.
    """

    def __init__(
        self,
        allowed: tuple[Network, ...],
        *,
        ca_file: Path | None,
        timeout_seconds: float,
        connections_max: int,
    ) -> None:
        self._allowed = allowed
        self._ca_file = ca_file
        self._timeout_seconds = timeout_seconds
        self._connections_max = connections_max
        self._opened: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session, which belongs to the loop that first asks for it."""
        if self._opened is None:
            connector = aiohttp.TCPConnector(
                limit=self._connections_max,
                resolver=_CheckedResolver(self._allowed),
                use_dns_cache=False,  # each connection goes to an address that was checked for it
                socket_factory=self._checked_socket,
                ssl=ssl.create_default_context(cafile=None if self._ca_file is None else str(self._ca_file)),
            )
            self._opened = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                max_line_size=HEADER_BYTES_MAX,
                max_field_size=HEADER_BYTES_MAX,
                trust_env=False,  # a proxy would resolve the name once more
                auto_decompress=False,  # a small answer might unpack to a large one
                headers={"Accept-Encoding": "identity"},
            )
        return self._opened

    def _checked_socket(self, info: _SocketInfo) -> socket.socket:
        # The last check: a literal address in a URL is never resolved.
        family, kind, protocol, _, address = info
        if not _may_be_reached(str(address[0]), self._allowed):
            raise ForbiddenAddress("its address is not public")
        return socket.socket(family, kind, protocol)

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Posts JSON, and follows no redirect. Raises `REQUEST_FAULTS` when entered."""
        headers = {"Content-Type": "application/json", **headers}
        return self.session.post(url, data=body, headers=headers, allow_redirects=False)

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()


async def whole(answer: aiohttp.ClientResponse, bytes_max: int) -> bytes:
    """Returns the body. Raises `UnexpectedAnswer` where it is longer, and hangs up."""
    content = bytearray()
    async for chunk in answer.content.iter_chunked(16 * 1024):
        content += chunk
        if len(content) > bytes_max:
            answer.close()
            raise UnexpectedAnswer(f"answered more than {bytes_max} bytes")
    return bytes(content)


def cause_of(fault: BaseException) -> BaseException:
    """Returns what aiohttp wraps of a failed connection, else the fault itself."""
    return fault.os_error if isinstance(fault, aiohttp.ClientConnectorError) else fault


def reason_of(fault: BaseException) -> str:
    """Returns why a request failed, without URL or answer."""
    cause = cause_of(fault)
    return str(cause) if isinstance(cause, ForbiddenAddress | UnexpectedAnswer) else type(fault).__name__


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
