"""One request to the database, and what its answer means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
from yarl import URL

from desk.commission.composing import Body
from report.text import visible
from samehand.normalize.contact.redact import redacted
from streams.outbound.retry_after import retry_after_seconds
from streams.outbound.session import ANYWHERE, REQUEST_FAULTS, Peer, UnexpectedAnswer, reason_of, whole

PRODUCTION_HOST: Final = "transparency.dsa.ec.europa.eu"

TIMEOUT_SECONDS: Final = 60.0
"""A hundred statements are one transaction there; a proxy before it gives up no later."""

ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
"""The answer repeats the statements: a hundred with the longest facts take a quarter of it."""

REASON_CHARS_MAX: Final = 300
"""Of a refusal: a field and a sentence or two."""


_UUID: Final = re.compile(r"[0-9a-zA-Z-]{1,36}")


@dataclass(frozen=True, slots=True)
class Created:
    """All statements were taken. `uuids`: their public numbers by puid, as far as the answer says them."""

    uuids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unprocessable:
    """None was taken. `known`: puids that the database has; `faults`: why a statement is refused, by its
    place in the request. With neither, the answer does not say which is at fault."""

    known: frozenset[str] = frozenset()
    faults: Mapping[int, str] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Nothing was taken: too many requests. `after_seconds`: as the database says, 0 where it does not."""

    after_seconds: float


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Whether anything was taken is unknown, unless nothing reached it (`arrived` is False). `why` quotes
    nothing of the answer."""

    why: str
    arrived: bool = True


@dataclass(frozen=True, slots=True)
class Rejected:
    """The request itself is wrong: its token, or its address."""

    why: str


Submission = Created | Unprocessable | RateLimited | Unanswered | Rejected


def is_production(url: str) -> bool:
    """Whether requests to an address go there, however its host is written (`．` for a full stop)."""
    return (URL(url).raw_host or "").rstrip(".").lower() == PRODUCTION_HOST


class CommissionClient:
    """The database at an address such as `https://…/api/v1`. `now` in Unix seconds. Connects at the first
    request."""

    def __init__(
        self, url: str, token: str, now: Callable[[], float], *, ca_file: Path | None = None
    ) -> None:
        self._url = f"{url}/statements"
        self._token = token
        self._now = now
        self._peer = Peer(ANYWHERE, ca_file=ca_file, timeout_seconds=TIMEOUT_SECONDS, connections_max=1)
        self.close = self._peer.close

    async def send(self, statements: Sequence[Body]) -> Submission:
        """Sends up to a hundred statements once. Never raises but when cancelled."""
        body = msgspec.json.encode({"statements": statements})
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/json",
            "User-Agent": "samehand",
        }
        status = 0
        try:
            self._peer.session  # noqa: B018 # reads the certificates
        except OSError:
            return Rejected("is not asked: SAMEHAND_DSA_CA_FILE holds no certificates")
        try:
            async with self._peer.post(self._url, body, headers) as response:
                status = response.status
                if status == 429:
                    return RateLimited(
                        retry_after_seconds(response.headers.get("Retry-After", ""), self._now())
                    )
                content = await whole(response, ANSWER_BYTES_MAX) if status in (201, 422) else b""
        except REQUEST_FAULTS as fault:
            if status == 201:
                return Created()  # whatever cut off the rest
            return Unanswered(reason_of(fault), arrived=not isinstance(fault, aiohttp.ClientConnectorError))
        if status == 201:
            return Created(_uuids(content))
        if status == 422:
            return _refusal(content)
        if status == 413:
            return Unprocessable(why="the request is too large")
        if status in (401, 403):
            return Rejected(f"answered {status}: the token is none of its, or may not create statements")
        if status == 408 or status >= 500:
            return Unanswered(f"answered {status}")
        return Rejected(f"answered {status}: is SAMEHAND_DSA_URL its address, with /api/v1?")


def _uuids(content: bytes) -> dict[str, str]:
    try:
        given = _decoded(content)["statements"]
        return {
            str(statement["puid"]): str(statement["uuid"])
            for statement in given
            if _UUID.fullmatch(str(statement["uuid"]))
        }
    except (UnexpectedAnswer, LookupError, TypeError):
        return {}  # they were taken, whatever the answer says


def _refusal(content: bytes) -> Submission:
    """Reads `{"errors": {"existing_puids": […]}}` or `{"errors": {"statement_7": {field: [sentence]}}}`."""
    try:
        errors = _decoded(content).get("errors")
    except UnexpectedAnswer as fault:
        return Unanswered(f"answered 422, and {fault}")
    if not isinstance(errors, Mapping):
        return Unprocessable(why="refused without a reason")
    known = errors.get("existing_puids")
    listed = list(known.values()) if isinstance(known, Mapping) else known  # as PHP may write a list
    faults = {
        int(number): _words(fault)
        for name, fault in errors.items()
        if name.startswith("statement_") and (number := name.removeprefix("statement_")[:3]).isdecimal()
    }
    return Unprocessable(
        frozenset(map(str, listed)) if isinstance(listed, list) else frozenset(), faults, _words(errors)
    )


def _decoded(content: bytes) -> Mapping[str, Any]:
    try:
        decoded = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnexpectedAnswer("no JSON") from None
    if not isinstance(decoded, Mapping):
        raise UnexpectedAnswer("no object")
    return decoded


def _words(errors: object) -> str:
    """Returns fields and sentences in one line, without what may be personal."""
    if not isinstance(errors, Mapping):
        return "refused"
    parts = (
        f"{name}: {' '.join(map(str, said)) if isinstance(said, list) else said}"
        for name, said in errors.items()
    )
    return visible(redacted("; ".join(parts)[: 2 * REASON_CHARS_MAX]), REASON_CHARS_MAX)
