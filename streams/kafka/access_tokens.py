"""Access tokens for SASL/OAUTHBEARER, by the grant of client credentials (RFC 6749 § 4.4).

`SAMEHAND_KAFKA_USERNAME` is the client's id; its password file is JSON: `token_url`, `client_secret` and,
where the server wants them, `scope` and `ca_file`. The file is read for every token: a new secret needs
no restart.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import Callable
from functools import cache
from http.client import HTTPException
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Final
from urllib.error import HTTPError
from urllib.parse import quote_plus, urlencode
from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

import msgspec
from aiokafka.abc import AbstractTokenProvider  # type: ignore[import-untyped]  # aiokafka ships no types
from kafka.net.sasl.oauth import (  # type: ignore[import-untyped]  # kafka-python ships no types
    AbstractTokenProvider as BlockingTokenProvider,
)

from streams.errors import SettingsError
from streams.settings import PREFIX, Settings
from streams.settings.fields import secret

TIMEOUT_SECONDS: Final = 2.0
"""Of one request, below `streams.kafka.probe.ANSWER_SECONDS`. Clients that connect again ask again."""

ANSWER_BYTES_MAX: Final = 64 * 1024
"""Tokens are a few kilobytes."""

AGAIN_SECONDS: Final = 1.0
"""For so long a failure answers every client of the process, however often they try to connect."""

LIFE_SHARE: Final = 0.8
"""Of its life a token is used, as Kafka's own clients do."""

_URL: Final = r"^(https://[\w.:\[\]-]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^\s#]*)?\Z"


class NoToken(OSError):
    """No token was granted: an outage to either library, which connects again later. Quotes no secret."""


class _Login(msgspec.Struct):
    token_url: Annotated[str, msgspec.Meta(pattern=_URL)]
    client_secret: str
    scope: str = ""
    ca_file: str | None = None


class _Grant(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._~+/-]+=*\Z")]  # RFC 6750 § 2.1
    expires_in: Annotated[float, msgspec.Meta(gt=0)] = 60.0  # where the server does not state it


class AccessTokens(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka ships no types
    """The tokens of one client, for every connection of the process. May be asked from any thread."""

    def __init__(self, client_id: str, file: Path, ticks: Callable[[], float] = time.monotonic) -> None:
        """``ticks``: seconds of a clock that nobody sets."""
        self._id, self._file, self._ticks = client_id, file, ticks
        self._turn = Lock()
        self._answer: str | NoToken = ""
        self._until = float("-inf")

    async def token(self) -> str:
        """As aiokafka asks. Raises `NoToken`."""
        return await asyncio.to_thread(self.current)

    def current(self) -> str:
        """A token that is valid now. Blocks while a new one is fetched. Raises `NoToken`."""
        with self._turn:
            if (now := self._ticks()) >= self._until:
                try:
                    grant = _granted(self._id, *_read(self._file))
                    self._answer, self._until = grant.access_token, now + grant.expires_in * LIFE_SHARE
                except (NoToken, SettingsError) as fault:
                    self._answer, self._until = NoToken(str(fault)), now + AGAIN_SECONDS
            if isinstance(self._answer, NoToken):
                raise self._answer.with_traceback(None)
            return self._answer


class BlockingTokens(BlockingTokenProvider):  # type: ignore[misc]  # kafka-python ships no types
    """The same tokens, as kafka-python asks for them: in the thread of its connections."""

    def __init__(self, tokens: AccessTokens) -> None:
        self._tokens = tokens

    def token(self) -> str:
        """Raises `NoToken`."""
        return self._tokens.current()


_of_process: Final = cache(AccessTokens)


def tokens_of(settings: Settings) -> AccessTokens | None:
    """The tokens of SASL/OAUTHBEARER where the settings ask for it. Raises `SettingsError` for their file."""
    client_id, file = settings.kafka_username, settings.kafka_password_file
    if settings.kafka_sasl_mechanism != "OAUTHBEARER" or client_id is None or file is None:
        return None
    _read(file)
    return _of_process(client_id, file)


def _read(file: Path) -> tuple[_Login, ssl.SSLContext]:
    try:
        login = msgspec.json.decode(secret("KAFKA_PASSWORD", file) or "", type=_Login)
        return login, ssl.create_default_context(cafile=login.ca_file)
    except msgspec.MsgspecError:
        why = "is not JSON with client_secret and token_url (https://, or http:// on loopback)"
    except OSError as fault:
        why = f"names a ca_file without certificates that we can read ({type(fault).__name__})"
    raise SettingsError({f"{PREFIX}KAFKA_PASSWORD_FILE": why})


class _Direct(HTTPRedirectHandler):
    """Follows no redirect: the other server would be sent our secret."""

    def redirect_request(self, *given: Any, **more: Any) -> None:
        return None


def _granted(client_id: str, login: _Login, trusted: ssl.SSLContext) -> _Grant:
    basic = base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(login.client_secret)}".encode()).decode()
    form = urlencode({"grant_type": "client_credentials", **({"scope": login.scope} if login.scope else {})})
    try:
        request = Request(login.token_url, form.encode(), {"Authorization": f"Basic {basic}"})  # noqa: S310  # see _URL
        # In clear it goes to loopback alone: a proxy of the environment would be sent our secret.
        direct = [ProxyHandler({})] if login.token_url.startswith("http://") else []
        with build_opener(_Direct(), HTTPSHandler(context=trusted), *direct).open(
            request, timeout=TIMEOUT_SECONDS
        ) as answer:
            # Some servers write the seconds as text, which strict decoding would refuse.
            return msgspec.json.decode(answer.read(ANSWER_BYTES_MAX), type=_Grant, strict=False)
    except (HTTPException, OSError, ValueError, RecursionError, msgspec.MsgspecError) as fault:
        named = type(getattr(fault, "reason", fault)).__name__
        why = f"HTTP status {fault.code}" if isinstance(fault, HTTPError) else named
        raise NoToken(f"the token endpoint grants no token ({why})") from None
