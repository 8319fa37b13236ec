"""What a platform exchanges with ROOST Coop: an action's callback becomes a verdict, and an appeal in Coop's
form one of ours.

Coop lets an action carry parameters of its own ("Body" in its form). Each action that decides an alert has
one, `samehand_verdict`: `mirror`, `not_mirror` or `unsure`. The callback is signed with Coop's private key;
the public one stands under Settings → API Keys. Formats: docs/api/actions.md, docs/api/appeal.md and
docs/development/api-auth.md of roostorg/coop.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any, Final, Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec import Meta, Struct

from schemas import fields
from schemas.appeals import AppealId, AppealMade, HolderWords
from schemas.decoding import faults
from schemas.decoding.dates import from_seconds
from schemas.malformed import Malformed
from schemas.verdicts import VerdictGiven
from schemas.wire import MESSAGE_BYTES_MAX

SIGNATURE_HEADER: Final = "coop-signature"

PARAMETER: Final = "samehand_verdict"
"""The parameter of an action that says which verdict it is."""

SIGNATURE_CHARACTERS_MAX: Final = 2_048
"""Base64 of the signature of a key of 8,192 bits is 1,368 characters."""

_KEY_BITS_MIN: Final = 2_048

_VERDICTS: Final = frozenset({"mirror", "not_mirror", "unsure"})
_NO_REASON: Final = "coop"


class UnusableKey(Exception):
    """The text is no public key that Coop could sign for."""


class _Item(Struct, frozen=True):
    id: fields.Opaque


class _Action(Struct, frozen=True):
    id: Annotated[str, Meta(max_length=256)] = ""


class _Callback(Struct, frozen=True):
    """The fields of Coop's callback that a verdict is made of."""

    item: _Item
    action: _Action
    custom: dict[str, Any] = {}
    actorEmail: Annotated[str, Meta(max_length=320)] = ""  # noqa: N815  # Coop's name


class _Appeal(Struct, frozen=True):
    """The fields of Coop's Appeal API that are ours: the actioned item is the alert, as deliver sends it."""

    appealId: AppealId  # noqa: N815  # Coop's name
    actionedItem: _Item  # noqa: N815  # Coop's name
    appealReason: HolderWords = ""  # noqa: N815  # Coop's name


_appeal: Final = msgspec.json.Decoder(_Appeal)
_callback: Final = msgspec.json.Decoder(_Callback)


@dataclass(frozen=True, slots=True)
class CoopActions:
    """Callbacks of one organisation in Coop.

    `reviewer_key` keys the digest that stands for a moderator's address: addresses go nowhere.
    """

    public_key: RSAPublicKey
    reviewer_key: bytes = field(repr=False)

    @classmethod
    def read(cls, pem: bytes, reviewer_key: bytes) -> Self:
        """With the public key as Coop shows it (PEM). Raises `UnusableKey`."""
        try:
            key = load_pem_public_key(pem)
        except ValueError:
            raise UnusableKey("must be a public key in PEM, as Coop shows it under Settings") from None
        if not isinstance(key, RSAPublicKey) or key.key_size < _KEY_BITS_MIN:
            raise UnusableKey(f"must be an RSA key of at least {_KEY_BITS_MIN} bits")
        return cls(key, reviewer_key)

    def signed(self, raw: bytes, headers: Mapping[str, str], *, now: float) -> bool:
        """Returns whether Coop signed this body. `headers` by lower-case names; Coop signs no time."""
        signature = headers.get(SIGNATURE_HEADER, "")
        if len(signature) > SIGNATURE_CHARACTERS_MAX:
            return False
        try:
            self.public_key.verify(base64.b64decode(signature, validate=True), raw, PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def verdict(self, raw: bytes, *, revision: int, now: float) -> VerdictGiven | Malformed:
        """The verdict of a callback, or why it is none. Never raises.

        `revision` is the alert's present one, which Coop does not tell; `now` in Unix seconds. What no
        person did is no verdict: automated rules and strikes have no `actorEmail`.
        """
        if len(raw) > MESSAGE_BYTES_MAX:
            return Malformed("too-large", "$", "more than 1 MiB")
        try:
            callback = _callback.decode(raw)
        except msgspec.ValidationError:
            return Malformed("wrong-type", "$", "is no callback of an action")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Malformed("not-json", "$", "not one JSON value")
        verdict = callback.custom.get(PARAMETER)
        if not isinstance(verdict, str) or verdict not in _VERDICTS:
            return Malformed("not-allowed", f"$.custom.{PARAMETER}", "mirror, not_mirror or unsure")
        if not callback.actorEmail.strip():
            return Malformed("missing-field", "$.actorEmail", "no person decided it")
        known = callback.actorEmail.strip().casefold().encode("utf-8", "replace")
        made = {
            "alert_id": callback.item.id,
            "revision": revision,
            "verdict": verdict,
            "reason_code": callback.action.id,
            "reviewer": f"coop-{hmac.new(self.reviewer_key, known, sha256).hexdigest()[:24]}",
            "decided_at": from_seconds(now),
        }
        try:
            return msgspec.convert(made, VerdictGiven)
        except msgspec.ValidationError:  # an action's id need be no code of ours
            return msgspec.convert(made | {"reason_code": _NO_REASON}, VerdictGiven)


def coop_appeal(raw: bytes) -> AppealMade | Malformed:
    """The appeal of a body in the form of Coop's `POST /api/v1/report/appeal`, or why it is none."""
    try:
        given = _appeal.decode(raw)
    except msgspec.ValidationError as error:
        return faults.from_validation(error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Malformed("not-json", "$", "not one JSON value")
    return AppealMade(appeal_id=given.appealId, alert_id=given.actionedItem.id, words=given.appealReason)
