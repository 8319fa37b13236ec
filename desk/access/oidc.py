"""Single sign-on by OpenID Connect: the authorization code flow with PKCE, state and nonce.

OpenID Connect Core 1.0 (§ 3.1), Discovery 1.0, RFC 7636 (PKCE), RFC 9207 (whose answer it is). Nothing is
kept between sign-ins: addresses and keys of the provider are asked for with each, so that new ones hold at
once.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # ships no types
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # ships no types
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from desk.errors import Forbidden, ReviewError

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key that the provider alone has: neither `none` nor a secret that the desk has too."""

PROVIDER_SECONDS: Final = 10.0
"""For all that one step asks of the provider: a person who waits longer presses the key again."""

ANSWER_BYTES_MAX: Final = 256 * 1024
"""Of one answer: a provider's keys and addresses take some kilobytes."""

LEEWAY_SECONDS: Final = 60
"""By how much the provider's clock may differ from ours."""

PENDING_SECONDS: Final = 600
"""How long somebody may take to sign in at the provider."""

CODE_CHARS_MAX: Final = 4_096
"""Of the code that comes back; RFC 6749 sets no limit, and nobody's is longer than a header may be."""

_NAME_CHARS_MAX: Final = 100  # of the column's 128, with room for what tells two of a name apart
_SUBJECT_CHARS_MAX: Final = 255  # OpenID Connect Core 1.0, § 2
_NEXT_CHARS_MAX: Final = 1_024  # a cookie takes 4,096 in all
_CLAIM_VALUES_MAX: Final = 1_000  # groups of one person; the error for more is for the provider's operator
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class ProviderUnavailable(ReviewError):
    """The provider does not answer, or answers what nobody can use. Nothing is known of who asks."""

    code = "sign-in-unavailable"


class NotSignedIn(Forbidden):
    """What came back is not an answer to what this browser asked for. The message is for the log."""

    code = "sign-in-refused"


@dataclass(frozen=True, slots=True)
class Configured:
    """What the desk's operator agreed with the provider.

    `roles` is in the order in which values of the claim are looked for: the first that somebody has counts.
    """

    issuer: str
    client_id: str
    client_secret: str | None
    callback: str
    scopes: str
    roles_claim: str
    roles: Mapping[str, str]
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What the browser keeps while somebody is at the provider, and nobody else has."""

    state: str
    nonce: str
    verifier: str
    next: str

    @classmethod
    def from_cookie(cls, value: str) -> PendingSignIn | None:
        parts = value.split(".", 3)
        if len(parts) != 4 or not all(parts) or not value.isascii():
            return None
        return cls(parts[0], parts[1], parts[2], unquote(parts[3]))

    def cookie_value(self) -> str:
        where = quote(self.next, safe="")
        return ".".join(
            (self.state, self.nonce, self.verifier, where if len(where) <= _NEXT_CHARS_MAX else "%2Fqueue")
        )


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in. `user_id`: a digest of issuer and subject, all that is known of them outside the desk.

    `role`: None where no value of the claim is in the table. `ends_at`: when the provider's word ends, in
    Unix seconds.
    """

    user_id: str
    name: str
    role: str | None
    ends_at: float


def user_id_of(issuer: str, subject: str) -> str:
    """The opaque id of a person, the same wherever the desk's database is made anew."""
    return sha256(f"{len(issuer)}:{issuer}{subject}".encode(errors="surrogatepass")).hexdigest()[:32]


class IdentityProvider:
    """The provider that was agreed on. Raises `ProviderUnavailable` and `NotSignedIn`."""

    def __init__(self, configured: Configured, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """`transport`: another way to the provider than the network."""
        self._configured = configured
        self._transport = transport
        self._trusted: ssl.SSLContext | bool = True
        if configured.ca_file is not None:
            self._trusted = ssl.create_default_context(cafile=str(configured.ca_file))

    async def begin(self, next_: str) -> tuple[str, PendingSignIn]:
        """Where to send the browser, and what it is to keep."""
        pending = PendingSignIn(
            secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), next_
        )
        async with self._asking() as client:
            where = (await self._addresses(client))["authorization_endpoint"]
        asked = {
            "response_type": "code",
            "client_id": self._configured.client_id,
            "redirect_uri": self._configured.callback,
            "scope": self._configured.scopes,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": create_s256_code_challenge(pending.verifier),
            "code_challenge_method": "S256",
        }
        return f"{where}{'&' if urlsplit(where).query else '?'}{urlencode(asked)}", pending

    async def finish(
        self, pending: PendingSignIn, *, state: str, code: str, issuer: str | None, now: float
    ) -> SignedIn:
        """Who came back. `issuer`: whose answer it says it is, where it says so."""
        if not hmac.compare_digest(state.encode(errors="surrogatepass"), pending.state.encode()):
            raise NotSignedIn("the state is of another browser or sign-in")
        if issuer not in (None, self._configured.issuer):
            raise NotSignedIn("the answer is another provider's")
        async with self._asking() as client:
            addresses = await self._addresses(client)
            token = await self._redeem(client, addresses, code, pending.verifier)
            keys = _keys(await _json(client.stream("GET", addresses["jwks_uri"])))
        claims = _claims(token, keys, self._configured, pending.nonce, now=now)
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_CHARS_MAX:
            raise NotSignedIn("sub is no text of 1 to 255 characters")
        user_id = user_id_of(self._configured.issuer, subject)
        held = _values(claims, self._configured.roles_claim)
        role = next((role for value, role in self._configured.roles.items() if value in held), None)
        return SignedIn(user_id, _name(claims) or user_id[:8], role, min(float(claims["exp"]), now + 1e9))

    def _asking(self) -> _Asking:
        return _Asking(httpx.AsyncClient(transport=self._transport, verify=self._trusted))

    async def _addresses(self, client: httpx.AsyncClient) -> dict[str, str]:
        issuer = self._configured.issuer
        document = await _json(client.stream("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        if document.get("issuer") != issuer:
            raise ProviderUnavailable("the provider calls itself by another issuer than was agreed")
        endpoints = {}
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            where = document.get(name)
            if not isinstance(where, str) or not _sealed(where):
                raise ProviderUnavailable(f"the provider's {name} is no address by https://")
            endpoints[name] = where
        return endpoints

    async def _redeem(
        self, client: httpx.AsyncClient, addresses: Mapping[str, str], code: str, verifier: str
    ) -> str:
        configured = self._configured
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": configured.callback,
            "client_id": configured.client_id,
            "code_verifier": verifier,
        }
        auth = None
        if configured.client_secret is not None:  # RFC 6749, § 2.3.1 has both encoded as in a form
            auth = httpx.BasicAuth(quote(configured.client_id, ""), quote(configured.client_secret, ""))
        answer = await _json(
            client.stream("POST", addresses["token_endpoint"], data=form, auth=auth), refusal_is=NotSignedIn
        )
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderUnavailable("the provider's answer has no id_token: is openid among the scopes?")
        return token


class _Asking:
    """One step's conversation with the provider: bounded in time, and its faults raised as one error."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._timeout = asyncio.timeout(PROVIDER_SECONDS)

    async def __aenter__(self) -> httpx.AsyncClient:
        await self._timeout.__aenter__()
        return await self._client.__aenter__()

    async def __aexit__(self, kind: Any, fault: BaseException | None, trace: Any) -> None:
        await self._client.__aexit__(kind, fault, trace)
        try:
            await self._timeout.__aexit__(kind, fault, trace)
        except TimeoutError as slow:
            raise ProviderUnavailable(f"the provider took longer than {PROVIDER_SECONDS:g} s") from slow
        if isinstance(fault, httpx.HTTPError | httpx.InvalidURL):
            raise ProviderUnavailable(f"the provider does not answer ({type(fault).__name__})") from fault


async def _json(asking: Any, *, refusal_is: type[ReviewError] = ProviderUnavailable) -> dict[str, Any]:
    """An answer that is a JSON object, read no further than it may be long."""
    async with asking as response:
        body = b""
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > ANSWER_BYTES_MAX:
                raise ProviderUnavailable(f"the provider's answer is longer than {ANSWER_BYTES_MAX} bytes")
    if 400 <= response.status_code < 500:
        raise refusal_is(f"the provider refused it ({response.status_code})")
    if response.status_code != 200:
        raise ProviderUnavailable(f"the provider answered {response.status_code}")
    try:
        document = httpx.Response(200, content=body).json()
    except (ValueError, RecursionError) as fault:
        raise ProviderUnavailable("the provider's answer is no JSON") from fault
    if not isinstance(document, dict):
        raise ProviderUnavailable("the provider's answer is no JSON object")
    return document


def _keys(document: dict[str, Any]) -> KeySet:
    """The provider's keys; those of a kind that we do not know are left out."""
    listed = document.get("keys")
    known = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP")
    ]
    try:
        return KeySet.import_key_set({"keys": known})
    except (JoseError, ValueError, TypeError, KeyError) as fault:
        raise ProviderUnavailable("the provider's keys cannot be read") from fault


def _claims(token: str, keys: KeySet, configured: Configured, nonce: str, *, now: float) -> Mapping[str, Any]:
    """What the provider says of who came, once it is certain that it said so, to us, now."""
    try:
        read = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
        claims = CodeIDToken(
            read.claims,
            read.header,
            {
                "iss": {"essential": True, "value": configured.issuer},
                "aud": {"essential": True, "value": configured.client_id},
            },
            {"nonce": nonce, "client_id": configured.client_id},
        )
        claims.validate(now=int(now), leeway=LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as fault:
        raise NotSignedIn(f"the id_token does not hold ({type(fault).__name__}: {fault})") from fault
    checked: Mapping[str, Any] = claims
    return checked


def _values(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """The values of a claim: of that very name, or as `realm_access.roles` lies within another."""
    value: Any = claims.get(name)
    if value is None:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    values = value if isinstance(value, list) else [value]
    return frozenset(item for item in values[:_CLAIM_VALUES_MAX] if isinstance(item, str))


def _name(claims: Mapping[str, Any]) -> str:
    """What colleagues know them by: printable, without blanks, and no longer than a name may be."""
    for claim in ("preferred_username", "email", "name"):
        given = claims.get(claim)
        if isinstance(given, str):
            kept = "".join(
                character if character.isprintable() and not character.isspace() else "."
                for character in given.strip()
            )
            if kept:
                return kept[:_NAME_CHARS_MAX]
    return ""


def _sealed(where: str) -> bool:
    """Returns whether the URL is https or loopback."""
    try:
        parts = urlsplit(where)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        return safe and bool(parts.hostname)
    except ValueError:
        return False
