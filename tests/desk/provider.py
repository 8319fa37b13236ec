"""A provider of OpenID Connect that says whatever a test has it say, true or not."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # ships no types
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from desk.access.oidc import Configured, IdentityProvider

ISSUER = "https://id.example.org/realms/desk"
CALLBACK = "http://127.0.0.1:6068/sign-in/oidc/callback"
SECRET = "between us & nobody else"


@cache
def a_key(name: str = "first") -> RSAKey:
    """A key of the provider's: made once, since making one takes long."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"}, private=True)


def _coded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@dataclass
class SaysAnything:
    """`claims` and `addresses` are laid over what is right; `shared` signs instead of a key;
    `answer` takes the place of every answer."""

    now: Callable[[], float]
    claims: dict[str, Any] = field(default_factory=dict)
    addresses: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    keys: list[RSAKey] = field(default_factory=lambda: [a_key()])
    shared: bytes = b""
    signs_with: RSAKey | OctKey | None = None
    answer: Callable[[httpx.Request], httpx.Response] | None = None
    asked: dict[str, str] = field(default_factory=dict)
    redeemed: set[str] = field(default_factory=set)

    def provider(self, **other: Any) -> IdentityProvider:
        """The desk's side of it."""
        agreed: dict[str, Any] = {
            "issuer": ISSUER,
            "client_id": "samehand-desk",
            "client_secret": SECRET,
            "callback": CALLBACK,
            "scopes": "openid profile",
            "roles_claim": "roles",
            "roles": {"desk-leads": "lead", "desk-people": "moderator", "desk-audit": "auditor"},
            **other,
        }
        return IdentityProvider(Configured(**agreed), transport=httpx.MockTransport(self._answers))

    def sign_in(self, where: str) -> dict[str, str]:
        """What somebody who signs in there comes back with."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}
        return {"code": f"code-{len(self.redeemed)}", "state": self.asked["state"]}

    def _answers(self, request: httpx.Request) -> httpx.Response:
        if self.answer is not None:
            return self.answer(request)
        path = request.url.path
        if path.endswith("/.well-known/openid-configuration"):
            told = {
                name: f"{ISSUER}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            }
            return httpx.Response(200, json={"issuer": ISSUER, **told, **self.addresses})
        if path.endswith("/jwks_uri"):
            keys = [key.as_dict(private=False) for key in self.keys]
            return httpx.Response(200, json={"keys": [{"kty": "of tomorrow", "kid": "x"}, *keys]})
        return self._redeem(request)

    def _redeem(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        right = (
            form["code"] not in self.redeemed
            and create_s256_code_challenge(form["code_verifier"]) == self.asked.get("code_challenge")
            and form["redirect_uri"] == CALLBACK
        )
        if not right:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.redeemed.add(form["code"])
        return httpx.Response(
            200, json={"access_token": "a", "token_type": "Bearer", "id_token": self._token()}
        )

    def _token(self) -> str:
        claims = {
            "iss": ISSUER,
            "sub": "4711",
            "aud": "samehand-desk",
            "iat": int(self.now()),
            "exp": int(self.now()) + 3_600,
            "nonce": self.asked.get("nonce"),
            "preferred_username": "amina.khan",
            "roles": ["desk-people", "everybody"],
            **self.claims,
        }
        header = {"alg": self.algorithm, "kid": "first"}
        present = {name: value for name, value in claims.items() if value is not None}
        if self.shared:  # by hand: no library signs with what is everybody's
            text = f"{_coded(json.dumps(header).encode())}.{_coded(json.dumps(present).encode())}"
            return f"{text}.{_coded(hmac.digest(self.shared, text.encode(), 'sha256'))}"
        return jwt.encode(header, present, self.signs_with or a_key(), algorithms=[self.algorithm])
