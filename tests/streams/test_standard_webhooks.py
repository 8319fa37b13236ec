"""Signatures as the specification has them, and what is not believed."""

from __future__ import annotations

import base64

import pytest

from streams.standard_webhooks import TOLERANCE_SECONDS, Secret, UnusableSecret

TEXT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SENT_AT = 1614265330
BODY = b'{"test": 2432232314}'
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_the_example_of_the_specification() -> None:
    headers = Secret.read(TEXT).headers(ID, SENT_AT, BODY)
    assert headers == {
        "webhook-id": ID,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_what_was_signed_is_believed_for_five_minutes() -> None:
    secret = Secret.read(TEXT)
    headers = secret.headers(ID, SENT_AT, BODY)
    assert secret.fault(headers, BODY, now=SENT_AT + TOLERANCE_SECONDS) == ""
    assert "away from our clock" in secret.fault(headers, BODY, now=SENT_AT + TOLERANCE_SECONDS + 1)
    assert "away from our clock" in secret.fault(headers, BODY, now=SENT_AT - TOLERANCE_SECONDS - 1)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"webhook-id": "msg_other"}, "does not fit"),
        ({"webhook-timestamp": "1614265331"}, "does not fit"),
        ({"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"}, "no Unix time"),
        ({"webhook-timestamp": "-1"}, "no Unix time"),
        ({"webhook-signature": "v1,AAAA"}, "does not fit"),
        ({"webhook-signature": "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}, "does not fit"),
        ({"webhook-signature": "é" * 10_000}, "does not fit"),
        ({"webhook-signature": ""}, "missing"),
        ({"webhook-id": ""}, "missing"),
    ],
)
def test_whatever_was_changed_is_not_believed(change: dict[str, str], fault: str) -> None:
    secret = Secret.read(TEXT)
    headers = secret.headers(ID, SENT_AT, BODY) | change
    assert fault in secret.fault(headers, BODY, now=SENT_AT)


def test_of_several_signatures_one_must_fit() -> None:
    secret, other = Secret.read(TEXT), Secret(b"another secret of a sender")
    both = secret.headers(ID, SENT_AT, BODY)
    theirs = other.headers(ID, SENT_AT, BODY)["webhook-signature"]
    both["webhook-signature"] = f"{theirs} {both['webhook-signature']}"
    assert secret.fault(both, BODY, now=SENT_AT) == ""
    assert "does not fit" in secret.fault(both, BODY + b" ", now=SENT_AT)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_short", "whsec_" + base64.b64encode(b"x" * 65).decode(), "whsec_!!!!", "é"]
)
def test_what_is_no_secret_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(UnusableSecret) as refused:
        Secret.read(text)
    assert not text or text not in str(refused.value)


def test_a_secret_does_not_show_itself() -> None:
    assert "MfKQ9r8" not in repr(Secret.read(TEXT))
    assert "1\\xf2" not in repr(Secret.read(TEXT))
