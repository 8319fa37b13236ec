"""Access tokens of SASL/OAUTHBEARER, from a token endpoint on this machine."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from faust.auth import OAuthCredentials

from streams.errors import SettingsError
from streams.faust_app.app import credentials
from streams.faust_app.start_checks import kafka_fault
from streams.kafka.access_tokens import AccessTokens, NoToken
from streams.kafka.client import client_options, login_options
from streams.settings import Settings, load
from streams.supervision.exit_codes import EXIT_SETTINGS
from tests.certificates import make_certificates
from tests.deliver.receiver import Answer, Receiver, receiving

CLIENT, SECRET = "worker:1", "only tests: know it"


@pytest.fixture
def endpoint() -> Iterator[Receiver]:
    with receiving() as receiver:
        receiver.answer = lambda request: granted(f"token-{len(receiver.requests)}", expires_in="100")
        yield receiver


def granted(token: str, **more: object) -> Answer:
    return Answer(200, body=json.dumps({"access_token": token, **more}).encode())


def a_login(folder: Path, url: str, **more: str) -> Settings:
    file = folder / "login.json"
    file.write_text(json.dumps({"token_url": url, "client_secret": SECRET, **more}))
    return load(
        {
            "SAMEHAND_KAFKA_BROKERS": "127.0.0.1:9",
            "SAMEHAND_KAFKA_SASL_MECHANISM": "OAUTHBEARER",
            "SAMEHAND_KAFKA_USERNAME": CLIENT,
            "SAMEHAND_KAFKA_PASSWORD_FILE": str(file),
        }
    )


def test_a_token_is_kept_until_shortly_before_it_expires(endpoint: Receiver, tmp_path: Path) -> None:
    a_login(tmp_path, endpoint.url, scope="kafka")
    now = [0.0]
    tokens = AccessTokens(CLIENT, tmp_path / "login.json", ticks=lambda: now[0])
    assert [tokens.current(), tokens.current()] == ["token-1", "token-1"]
    now[0] = 79.0
    assert tokens.current() == "token-1"
    now[0] = 80.0
    assert tokens.current() == "token-2"
    asked = endpoint.requests[0]
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["kafka"]}
    assert asked.headers["authorization"] == "Basic d29ya2VyJTNBMTpvbmx5K3Rlc3RzJTNBK2tub3craXQ="


def test_the_secret_for_loopback_goes_to_no_proxy(
    endpoint: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        a_login(tmp_path, endpoint.url)
        assert AccessTokens(CLIENT, tmp_path / "login.json").current() == "token-1"
        assert not proxy.requests


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(401), "HTTP status 401"),
        (Answer(302, {"Location": "http://127.0.0.1:9/"}), "HTTP status 302"),
        (Answer(200, body=b"<html>"), "DecodeError"),
        (Answer(200, body=b'{"access_token": "a\\u0001b"}'), "ValidationError"),
        (Answer(200, wait_seconds=2.5), "TimeoutError"),
    ],
)
def test_a_failure_is_told_without_the_secret_and_asked_about_again_after_a_second(
    endpoint: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer, why: str
) -> None:
    monkeypatch.setattr("streams.kafka.access_tokens.TIMEOUT_SECONDS", 1.0)
    settings = a_login(tmp_path, endpoint.url)
    endpoint.answer = lambda request: answer
    now = [0.0]
    tokens = AccessTokens(CLIENT, tmp_path / "login.json", ticks=lambda: now[0])
    for _ in range(3):
        with pytest.raises(NoToken) as fault:
            tokens.current()
    assert why in str(fault.value)
    assert SECRET not in str(fault.value)
    assert len(endpoint.requests) == 1
    fault_at_start = kafka_fault(settings)
    assert fault_at_start is not None
    assert (fault_at_start.what, fault_at_start.code) == (str(fault.value), EXIT_SETTINGS)
    endpoint.answer = lambda request: granted("token")
    now[0] = 1.0
    assert tokens.current() == "token"


@pytest.mark.parametrize(
    "url", ["http://elsewhere/token", "http://127.0.0.1@elsewhere/", "http://localhost.elsewhere/", "ftp://x"]
)
def test_a_secret_goes_over_tls_or_stays_on_the_machine(tmp_path: Path, url: str) -> None:
    settings = a_login(tmp_path, url)
    with pytest.raises(SettingsError, match=r"KAFKA_PASSWORD_FILE: is not JSON .*https://"):
        login_options(settings)
    fault = kafka_fault(settings)
    assert fault is not None
    assert fault.code == EXIT_SETTINGS


def test_an_endpoint_under_an_authority_of_ones_own_is_trusted_by_its_file(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.of("server"), certificates.key_of("server"))
    with receiving(tls) as receiver:
        receiver.answer = lambda request: granted("token")
        a_login(tmp_path, receiver.url)
        with pytest.raises(NoToken, match="SSLCertVerificationError"):
            AccessTokens(CLIENT, tmp_path / "login.json").current()
        a_login(tmp_path, receiver.url, ca_file=str(certificates.authority))
        assert AccessTokens(CLIENT, tmp_path / "login.json").current() == "token"
    settings = a_login(tmp_path, receiver.url, ca_file=str(tmp_path / "missing.crt"))
    with pytest.raises(SettingsError, match=r"KAFKA_PASSWORD_FILE: names a ca_file .*FileNotFoundError"):
        login_options(settings)


async def test_every_client_of_a_process_shares_its_tokens(endpoint: Receiver, tmp_path: Path) -> None:
    settings = a_login(tmp_path, endpoint.url)
    faust = credentials(settings)
    assert isinstance(faust, OAuthCredentials)
    asynchronous = login_options(settings)["sasl_oauth_token_provider"]
    blocking = client_options(settings)["sasl_oauth_token_provider"]
    given = [await faust.oauth_cb.token(), await asynchronous.token(), blocking.token()]
    assert given == ["token-1"] * 3
    assert SECRET not in repr(vars(faust))
