"""Access tokens for SASL/OAUTHBEARER, by the grant of client credentials (RFC 6749 § 4.4).

`SAMEHAND_KAFKA_USERNAME` is the client's id; its password file is JSON: `token_url`, `client_secret` and,
where the server wants one, `scope`. The file is read for every token: a new secret needs no restart.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Callable
from functools import cache
from http.client import HTTPException
from pathlib import Path
from threading import Lock
from typing import Annotated, Final
from urllib.error import HTTPError
from urllib.parse import quote_plus, urlencode
from urllib.request import Request, build_opener

import msgspec
from aiokafka.abc import AbstractTokenProvider  # type: ignore[import-untyped]  # aiokafka ships no types
from kafka.net.sasl.oauth import (  # type: ignore[import-untyped]  # kafka-python ships no types
    AbstractTokenProvider as BlockingTokenProvider,
)

from streams.errors import SettingsError
from streams.registry.client import NoRedirects
from streams.settings.fields import PREFIX, secret

TIMEOUT_SECONDS: Final = 2.0
"""Of one request, below `streams.kafka.probe.ANSWER_SECONDS`. Clients that connect again ask again."""

ANSWER_BYTES_MAX: Final = 64 * 1024
"""Tokens are a few kilobytes, and Kafka takes no larger ones by default."""

AGAIN_SECONDS: Final = 1.0
"""For so long a failure answers every client of the process, however often their connections are tried."""

LIFE_SHARE: Final = 0.8
"""Of its life a token is used, as Kafka's own clients do."""

_UNSTATED_SECONDS: Final = 60.0
"""The life of a token whose server does not state it; usual are five minutes to an hour."""


class NoToken(OSError):
    """No token was granted. Either library takes it for an outage and connects again later. Quotes no secret.

    `refused`: another try with the same file would not help.
    """

    def __init__(self, what: str, *, refused: bool) -> None:
        super().__init__(f"no token for SASL/OAUTHBEARER: {what}")
        self.refused = refused


class _Login(msgspec.Struct):
    token_url: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(https://[\w.:\[\]-]+|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?)(/[^\s#]*)?\Z"
        ),
    ]
    client_secret: str
    scope: str = ""


class _Grant(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._~+/-]+=*\Z")]  # RFC 6750 § 2.1
    expires_in: Annotated[float, msgspec.Meta(gt=0)] = _UNSTATED_SECONDS


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
            if self._ticks() >= self._until:
                asked_at, life = self._ticks(), AGAIN_SECONDS
                try:
                    grant = _granted(self._id, read_login(self._file))
                    self._answer, life = grant.access_token, grant.expires_in * LIFE_SHARE
                except SettingsError as fault:
                    self._answer = NoToken(str(fault), refused=True)
                except NoToken as fault:
                    self._answer = fault
                self._until = asked_at + life
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


access_tokens: Final = cache(AccessTokens)
"""The tokens of a client's id and file: one for all connections of the process."""


def read_login(file: Path) -> _Login:
    """What the password file holds. Raises `SettingsError`."""
    try:
        return msgspec.json.decode(secret("KAFKA_PASSWORD", file) or "", type=_Login)
    except msgspec.MsgspecError:
        why = "is not JSON with client_secret and token_url (https://, or http:// on loopback)"
        raise SettingsError({f"{PREFIX}KAFKA_PASSWORD_FILE": why}) from None


def _granted(client_id: str, login: _Login) -> _Grant:
    basic = base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(login.client_secret)}".encode()).decode()
    form = {"grant_type": "client_credentials"} | ({"scope": login.scope} if login.scope else {})
    headers = {"Authorization": f"Basic {basic}", "Accept": "application/json"}
    try:
        request = Request(login.token_url, urlencode(form).encode(), headers)  # noqa: S310  # see _Login
        with build_opener(NoRedirects()).open(request, timeout=TIMEOUT_SECONDS) as answer:
            # Some servers write the seconds as text, which strict decoding would refuse.
            return msgspec.json.decode(answer.read(ANSWER_BYTES_MAX), type=_Grant, strict=False)
    except HTTPError as fault:
        fault.close()
        refused = fault.code < 500 and fault.code not in (408, 429)
        raise NoToken(f"the token endpoint answers HTTP status {fault.code}", refused=refused) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NoToken("the token endpoint's answer holds no usable access_token", refused=True) from None
    except (HTTPException, OSError, ValueError) as fault:
        kind = type(getattr(fault, "reason", fault)).__name__
        raise NoToken(f"the token endpoint cannot be reached ({kind})", refused=False) from None
