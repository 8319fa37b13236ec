"""Signatures of Standard Webhooks (https://www.standardwebhooks.com, specification 1.0.0), symmetric (`v1`).

Written on `hmac` and held to the specification's own example, instead of one more dependency (the library
`standardwebhooks`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # the format's, and no secret
SECRET_BYTES_MIN: Final = 24
SECRET_BYTES_MAX: Final = 64
"""Both as the specification asks."""

TOLERANCE_SECONDS: Final = 300.0
"""A signature that is older, or so far ahead, is not believed: somebody may have recorded it."""

SIGNATURES_MAX: Final = 16
"""Of one message; a sender that changes its secret sends two."""


class UnusableSecret(Exception):
    """The text is no secret of Standard Webhooks; the message never quotes it."""


@dataclass(frozen=True, slots=True)
class Secret:
    """The key that two sides share. Its repr does not show it."""

    key: bytes = field(repr=False)

    @classmethod
    def read(cls, text: str) -> Secret:
        """From `whsec_` and base64 of 24 to 64 bytes. Raises `UnusableSecret`."""
        try:
            key = base64.b64decode(text.strip().removeprefix(SECRET_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raise UnusableSecret(
                "must be `whsec_` and base64: `echo whsec_$(openssl rand -base64 32)`"
            ) from None
        if not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
            raise UnusableSecret(f"must be of {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes, in base64")
        return cls(key)

    def headers(self, message_id: str, sent_at: int, body: bytes) -> dict[str, str]:
        """The three headers of a message. `sent_at` in whole Unix seconds."""
        return {
            ID_HEADER: message_id,
            TIMESTAMP_HEADER: str(sent_at),
            SIGNATURE_HEADER: f"v1,{self._signature(message_id, str(sent_at), body)}",
        }

    def fault(self, headers: Mapping[str, str], body: bytes, *, now: float) -> str:
        """Why a message is not believed, "" where it is.

        Header names in lower case; `now` in Unix seconds.
        """
        message_id, sent_at = headers.get(ID_HEADER, ""), headers.get(TIMESTAMP_HEADER, "")
        given = headers.get(SIGNATURE_HEADER, "")
        if not (message_id and sent_at and given):
            return f"{ID_HEADER}, {TIMESTAMP_HEADER} or {SIGNATURE_HEADER} is missing"
        if not (sent_at.isascii() and sent_at.isdecimal() and len(sent_at) <= 12):
            return f"{TIMESTAMP_HEADER} is no Unix time"
        if abs(now - int(sent_at)) > TOLERANCE_SECONDS:
            return f"{TIMESTAMP_HEADER} is more than {TOLERANCE_SECONDS:.0f} s away from our clock"
        expected = f"v1,{self._signature(message_id, sent_at, body)}".encode()
        signatures = given.split(" ", SIGNATURES_MAX)[:SIGNATURES_MAX]
        if any(hmac.compare_digest(expected, signature.encode()) for signature in signatures):
            return ""
        return f"{SIGNATURE_HEADER} does not fit the body"

    def _signature(self, message_id: str, sent_at: str, body: bytes) -> str:
        signed = f"{message_id}.{sent_at}.".encode() + body
        return base64.b64encode(hmac.new(self.key, signed, hashlib.sha256).digest()).decode()
