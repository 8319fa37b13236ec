"""Asks the platform's endpoint for profiles.

One signed request an account: `POST` of ``{"platform": …, "account_id": …}`` as JSON under the headers of
Standard Webhooks. The answer is 200 with ``{"handle": …, "name": …, "bio": …, "picture_url": …}``, each
optional, or 404 for an account that is gone. docs/desk.md documents it for platforms.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec
import structlog
from yarl import URL

from desk.settings import DeskSettings
from streams.outbound.session import (
    REQUEST_FAULTS,
    ForbiddenAddress,
    Peer,
    UnexpectedAnswer,
    cause_of,
    reason_of,
    whole,
)
from streams.standard_webhooks import Secret

ANSWER_BYTES_MAX: Final = 64 * 1024
"""The longest self-description of any platform, many times over."""

TIMEOUT_SECONDS: Final = 2.0
"""Of the words, and of the picture after them: the page is shown already, and nobody looks longer."""

CONNECTIONS_MAX: Final = 8
"""Two accounts each of some moderators who open alerts at the same moment; more wait their turn."""

DRAWN_MAX: Final = 2
"""Pictures at a time: each takes a core while its child draws it."""

PICTURE_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of the original; platforms keep avatars below a tenth of it."""

_CHILD: Final = Path(__file__).with_name("redraw.py")

PictureRefusal = Literal["url", "host", "port", "address", "redirect", "away", "unusable"]
"""Why an account is shown without the picture that its platform names.

url             no URL of https, or one with a user or password
host, port      none that the settings name for pictures
address         the host's name stands for an address that may not be called
redirect, away  it answered by a redirect, which is not followed, or not with 200 in time
unusable        too large, or nothing that can be drawn
"""

Outcome = Literal["shown", "gone", "away", "hidden"]

log = structlog.get_logger("samehand.desk.profiles")


class _Answer(msgspec.Struct, frozen=True):
    handle: str | None = None
    name: str | None = None
    bio: str | None = None
    picture_url: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """One account as its platform shows it now. `outcome`: gone (no such account), away (no answer) or
    hidden (not asked for, since the reader must not know yet).

    `picture`: WebP bytes that this process's child drew anew, None without one; `picture_refused`: why there
    is none although the platform names one.
    """

    outcome: Outcome
    handle: str = ""
    name: str = ""
    bio: str = ""
    picture: bytes | None = None
    picture_refused: PictureRefusal | None = None


async def redrawn(image: bytes) -> bytes | None:
    """Returns a stranger's picture as a small WebP, None where it is none that can be drawn.

    A decoder that a crafted picture breaks ends with its child; no byte of the original reaches a browser.

    The child ends with the caller's wait: put a timeout round it.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",  # neither the environment nor the working directory names modules
        str(_CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        drawn, _ = await child.communicate(image)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return drawn if child.returncode == 0 and drawn else None


class ProfileSource:
    """The endpoint that the settings name. `now` in Unix seconds. Connects at the first request."""

    def __init__(self, settings: DeskSettings, key: Secret, now: Callable[[], float]) -> None:
        self._url = settings.desk_profile_source
        self._key = key
        self._now = now
        self._origins = {item for item in settings.desk_profile_source_allowed if isinstance(item, str)}
        self._turns = asyncio.Semaphore(CONNECTIONS_MAX)
        self._drawing = asyncio.Semaphore(DRAWN_MAX)
        self._peer = Peer(
            settings.desk_profile_source_networks,
            ca_file=settings.desk_profile_source_ca_file,
            timeout_seconds=TIMEOUT_SECONDS,
            connections_max=CONNECTIONS_MAX,
        )
        self.close = self._peer.close

    async def profile(self, platform: str, account_id: str) -> Profile:
        """Returns the account's profile; `away` where the source does not answer in time or not as agreed."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._turns:
                answer = await self._asked(platform, account_id)
        except REQUEST_FAULTS as fault:
            log.warning("the profile source does not answer", why=reason_of(fault))
            return Profile("away")
        if answer is None:
            return Profile("gone")
        got = await self._picture(answer.picture_url) if answer.picture_url else None
        picture, refused = (got, None) if isinstance(got, bytes) else (None, got)
        return Profile("shown", answer.handle or "", answer.name or "", answer.bio or "", picture, refused)

    async def _asked(self, platform: str, account_id: str) -> _Answer | None:
        body = msgspec.json.encode({"platform": platform, "account_id": account_id})
        headers = self._key.headers(f"profile-{secrets.token_hex(12)}", int(self._now()), body)
        headers["Accept"] = "application/json"
        async with self._peer.post(self._url, body, headers) as response:
            if response.status == 404:
                return None
            if response.status != 200:
                raise UnexpectedAnswer(f"answered {response.status}")
            content = await whole(response, ANSWER_BYTES_MAX)
        try:
            return msgspec.json.decode(content, type=_Answer)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise UnexpectedAnswer("no profile in JSON") from None

    async def _picture(self, given: str) -> bytes | PictureRefusal:
        """Returns the picture redrawn, or why there is none: the words are shown without it."""
        try:
            url = URL(given)  # as aiohttp reads it, which connects to no other host
            if refusal := self._refusal(url):
                return refusal
            async with asyncio.timeout(TIMEOUT_SECONDS), self._drawing:
                async with self._peer.session.get(url, allow_redirects=False) as response:
                    if response.status != 200:
                        return "redirect" if 300 <= response.status < 400 else "away"
                    image = await whole(response, PICTURE_BYTES_MAX)
                return await redrawn(image) or "unusable"
        except UnexpectedAnswer:
            return "unusable"
        except ValueError:
            return "url"
        except REQUEST_FAULTS as fault:
            return "address" if isinstance(cause_of(fault), ForbiddenAddress) else "away"

    def _refusal(self, url: URL) -> PictureRefusal | None:
        """Returns why a URL, which a stranger may have chosen, is none of an origin for pictures."""
        host = url.raw_host or ""
        hosts = (host, f"*.{host.partition('.')[2]}")
        if "@" in url.raw_authority:
            return "url"
        if any(f"{url.scheme}://{each}:{url.port}" in self._origins for each in hosts):
            return None
        if not host or url.scheme != "https":
            return "url"
        on_another = any(f"//{each}:" in origin for each in hosts for origin in self._origins)
        return "port" if on_another else "host"


def profile_source(settings: DeskSettings, now: Callable[[], float]) -> ProfileSource | None:
    """Returns the source that the settings name, None where they name none. Raises `SettingsError`."""
    key = settings.desk_profile_source_key()
    return ProfileSource(settings, key, now) if settings.desk_profile_source and key else None
