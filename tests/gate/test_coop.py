"""Coop's callbacks: whose they are, which verdict they are, and what is none."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gate.coop import CoopActions, UnusableKey
from schemas.examples import ALERT
from schemas.malformed import Malformed
from schemas.verdicts import VerdictGiven
from tests.tables import for_each

NOW = 1_790_000_000.0
PRIVATE = rsa.generate_private_key(65537, 2048)
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
COOP = CoopActions.read(PEM, b"a key of this house")


def callback(**changes: Any) -> bytes:
    told: dict[str, Any] = {
        "item": {"id": ALERT.alert_id, "typeId": "samehand-alert", "typeName": "Alert"},
        "action": {"id": "confirm-mirror"},
        "policies": [{"id": "p", "name": "Violent extremism", "penalty": "SEVERE"}],
        "rules": [],
        "custom": {"samehand_verdict": "mirror"},
        "actorEmail": "Moderator@example.org",
    }
    return json.dumps({name: it for name, it in (told | changes).items() if it is not None}).encode()


def signed(raw: bytes, signature: str) -> bool:
    return COOP.signed(raw, {"coop-signature": signature}, now=NOW)


def verdict(raw: bytes) -> VerdictGiven | Malformed:
    return COOP.verdict(raw, revision=3, now=NOW)


def test_what_coop_signed_is_believed_and_nothing_else() -> None:
    raw = callback()
    signature = base64.b64encode(PRIVATE.sign(raw, PKCS1v15(), SHA256())).decode()
    assert signed(raw, signature)
    assert not signed(raw + b" ", signature)
    other = rsa.generate_private_key(65537, 2048).sign(raw, PKCS1v15(), SHA256())
    assert not signed(raw, base64.b64encode(other).decode())
    for garbage in ("", "é", "!!!", "A" * 10_000, "AAAA"):
        assert not signed(raw, garbage)


def test_an_action_of_a_moderator_is_a_verdict() -> None:
    given = verdict(callback())
    assert isinstance(given, VerdictGiven)
    assert (given.alert_id, given.revision, given.verdict) == (ALERT.alert_id, 3, "mirror")
    assert (given.reason_code, given.at) == ("confirm-mirror", NOW)


def test_a_moderators_address_goes_nowhere_and_stays_one_person() -> None:
    first, again = verdict(callback()), verdict(callback(actorEmail=" moderator@EXAMPLE.org "))
    other = verdict(callback(actorEmail="somebody@example.org"))
    assert isinstance(first, VerdictGiven)
    assert isinstance(again, VerdictGiven)
    assert isinstance(other, VerdictGiven)
    assert first.reviewer == again.reviewer != other.reviewer
    assert "moderator" not in first.reviewer.casefold()


def test_an_action_whose_id_is_no_code_of_ours_is_a_verdict_all_the_same() -> None:
    given = verdict(callback(action={"id": "Not a mirror!"}))
    assert isinstance(given, VerdictGiven)
    assert given.reason_code == "coop"


@for_each(
    ("raw", "reason", "path"),
    [
        (callback(actorEmail=None), "missing-field", "$.actorEmail"),
        (callback(actorEmail=" "), "missing-field", "$.actorEmail"),
        (callback(custom=None), "not-allowed", "$.custom.samehand_verdict"),
        (callback(custom={"samehand_verdict": "ban"}), "not-allowed", "$.custom.samehand_verdict"),
        (callback(custom={"samehand_verdict": ["mirror"]}), "not-allowed", "$.custom.samehand_verdict"),
        (callback(item=None), "wrong-type", "$"),
        (callback(item={"id": ""}), "wrong-type", "$"),
        (callback(item={"id": "x" * 1_000}), "wrong-type", "$"),
        (b'{"appealId": "1", "item": {"id": "a"}, "appealDecision": "ACCEPT"}', "wrong-type", "$"),
        (b'{"a":' * 100_000, "not-json", "$"),
        (b"\xff", "not-json", "$"),
        (b"", "not-json", "$"),
        (b" " * (1024 * 1024 + 1), "too-large", "$"),
    ],
)
def test_what_is_no_decision_of_a_person_is_refused_with_its_place(
    raw: bytes, reason: str, path: str
) -> None:
    refused = verdict(raw)
    assert isinstance(refused, Malformed)
    assert (refused.reason, refused.path) == (reason, path)
    assert "example.org" not in repr(refused)


@for_each(
    "pem",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        rsa.generate_private_key(65537, 1024)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ],
)
def test_what_coop_could_not_sign_for_is_refused(pem: bytes) -> None:
    with pytest.raises(UnusableKey):
        CoopActions.read(pem, b"k")
