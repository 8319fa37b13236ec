"""Apache Kafka whose clients show signed tokens: SASL/OAUTHBEARER, from a token endpoint on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from local.apache import ApacheKafka, Listener
from local.ports import LOOPBACK, take_port
from tests.deliver.receiver import Answer, Receiver, Request, receiving
from tests.journeys.conftest import Platform
from tests.makers import a_ban, a_sign_up

pytestmark = [pytest.mark.journey, pytest.mark.kafka]

NOW = datetime.now(UTC).replace(microsecond=0)
DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0dbeef"
SECRET = "only tests know it"
PACKAGE = "org.apache.kafka.common.security.oauthbearer"
LIFE_SECONDS = 6
KEY = RSAKey.generate_key(2048, {"kid": "of-this-test", "alg": "RS256", "use": "sig"})


def served(request: Request) -> Answer:
    """The keys to Kafka, a token to a client."""
    if request.path == "/keys":
        answer: dict[str, object] = {"keys": [KEY.as_dict(private=False)]}
    else:
        now = int(time.time())
        claims = {"iss": "tests", "aud": "kafka", "sub": "samehand", "iat": now, "exp": now + LIFE_SECONDS}
        token = jwt.encode({"alg": "RS256", "kid": KEY.kid}, claims, KEY)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": LIFE_SECONDS}
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())


@pytest.fixture(scope="module")
def guarded(kafka_libs: Path) -> Iterator[tuple[str, Receiver]]:
    """Its connections are closed when a token expires, as hosted brokers close them."""
    port = take_port()
    with receiving() as endpoint, pytest.MonkeyPatch.context() as environment:
        endpoint.answer = served
        keys = f"http://{LOOPBACK}:{endpoint.port}/keys"
        environment.setenv("JAVA_TOOL_OPTIONS", f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={keys}")
        own, each = "listener.name.oauth.", "listener.name.oauth.oauthbearer."
        settings = {
            f"{own}sasl.enabled.mechanisms": "OAUTHBEARER",
            f"{each}sasl.jaas.config": f"{PACKAGE}.OAuthBearerLoginModule required;",
            f"{each}sasl.server.callback.handler.class": f"{PACKAGE}.OAuthBearerValidatorCallbackHandler",
            f"{each}sasl.oauthbearer.jwks.endpoint.url": keys,
            f"{each}sasl.oauthbearer.expected.audience": "kafka",
            f"{each}sasl.oauthbearer.expected.issuer": "tests",
            f"{each}connections.max.reauth.ms": str(LIFE_SECONDS * 1000),
        }
        listener = Listener("OAUTH", "SASL_PLAINTEXT", port.number)
        try:
            with ApacheKafka(home=kafka_libs, settings=settings, listeners=[listener]):
                yield f"{LOOPBACK}:{listener.port}", endpoint
        finally:
            port.release()


def test_a_worker_outlives_its_tokens_and_an_outage_of_the_token_endpoint(
    guarded: tuple[str, Receiver], tmp_path: Path, redis_url: str, redis_user: dict[str, str]
) -> None:
    address, endpoint = guarded
    file = tmp_path / "login.json"
    file.write_text(json.dumps({"token_url": endpoint.url, "client_secret": SECRET}), "utf-8")
    extra = {
        "SAMEHAND_KAFKA_SASL_MECHANISM": "OAUTHBEARER",
        "SAMEHAND_KAFKA_USERNAME": "samehand",
        "SAMEHAND_KAFKA_PASSWORD_FILE": str(file),
    }
    platform = Platform(tmp_path, address, redis_url, redis_user=redis_user, extra=extra)
    denied: list[Request] = []

    def away(request: Request) -> Answer:
        denied.append(request)
        return Answer(503)

    try:
        platform.open()
        banned = a_ban("b1", handle="umar_media", device_id=DEVICE, at=NOW, banned_at=NOW)
        platform.publish(platform.topics.banned, banned)
        endpoint.answer = away
        platform.until(lambda: len(denied) > 2, "connections without a token")
        assert platform.worker.pid is not None
        endpoint.answer = served
        mirror = a_sign_up("n1", handle="um4r_media_2", device_id=DEVICE, at=NOW)
        platform.publish(platform.topics.created, mirror)
        platform.until(lambda: platform.alerts_on("n1"), "the alert")
        assert SECRET not in platform.log.read_text("utf-8")
        assert "eyJ" not in platform.log.read_text("utf-8")  # how every such token begins
    finally:
        endpoint.answer = served
        platform.close()
