"""Redis over TLS, on Debian's redis-server (the embedded one has none), as the worker's user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from agents.runtime.store_factory import endpoint_of, peppers_of, store_of
from local.ports import LOOPBACK
from local.server import LocalServer
from store.errors import StoreUnavailable
from store.pepper.pepper import write_pepper_file
from store.redis.server_info import Inspection
from streams.settings import Settings, load
from tests.certificates import Certificates, make_certificates
from tests.ops.conftest import program
from tests.redis_user import NAME, PASSWORD, write_users
from tests.store.makers import NOW, a_ban, a_query

pytestmark = pytest.mark.ops


class RedisOverTls(LocalServer):
    """It speaks TLS alone, and with ``mutual`` only to whom its authority gave a certificate."""

    name = "redis-tls"

    def __init__(
        self, executable: str, folder: Path, certificates: Certificates, *, mutual: bool = False
    ) -> None:
        super().__init__(folder)
        self._mutual = mutual
        self._executable = executable
        self.certificates = certificates
        write_users(folder / "users.acl")

    def command(self) -> list[str]:
        own = self.certificates
        given = {
            "port": "0",
            "tls-port": str(self.port),
            "bind": LOOPBACK,
            "dir": str(self.folder),
            "aclfile": str(self.folder / "users.acl"),
            "tls-cert-file": str(own.of("server")),
            "tls-key-file": str(own.key_of("server")),
            "tls-ca-cert-file": str(own.authority),
            "tls-auth-clients": "yes" if self._mutual else "no",
            "appendonly": "yes",
        }
        return [self._executable, *(part for key, value in given.items() for part in (f"--{key}", value))]

    def answers(self) -> bool:
        trusted = str(self.certificates.authority)
        with redis.Redis(
            host=LOOPBACK,
            port=self.port,
            ssl=True,
            ssl_ca_certs=trusted,
            ssl_certfile=str(self.certificates.of("client")),
            ssl_keyfile=str(self.certificates.key_of("client")),
            username=NAME,
            password=PASSWORD,
        ) as client:
            try:
                return bool(client.ping())
            except (redis.RedisError, OSError):
                return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisOverTls]:
    """A Redis that speaks TLS alone."""
    certificates = make_certificates(tmp_path_factory.mktemp("certificates"))
    folder = tmp_path_factory.mktemp("redis-tls")
    with RedisOverTls(program("redis-server"), folder, certificates) as running:
        yield running


@pytest.fixture
def demanding(server: RedisOverTls, tmp_path: Path) -> Iterator[RedisOverTls]:
    """Another of the same authority, which demands a certificate."""
    with RedisOverTls(program("redis-server"), tmp_path, server.certificates, mutual=True) as running:
        yield running


def settings_for(
    server: RedisOverTls, folder: Path, authority: Path, scheme: str = "rediss", **more: str
) -> Settings:
    """What an operator sets."""
    password = folder / "password"
    password.write_text(PASSWORD)
    pepper = folder / "pepper"
    if not pepper.exists():
        write_pepper_file(pepper)
    return load(
        {
            "SAMEHAND_REDIS_URL": f"{scheme}://{LOOPBACK}:{server.port}/0",
            "SAMEHAND_REDIS_USERNAME": NAME,
            "SAMEHAND_REDIS_PASSWORD_FILE": str(password),
            "SAMEHAND_REDIS_CA_FILE": str(authority),
            "SAMEHAND_REDIS_TIMEOUT_MS": "2000",
            "SAMEHAND_PEPPER_FILE": str(pepper),
            "SAMEHAND_STORE_BANS": "2000",
            "SAMEHAND_STORE_REMEMBERED": "2000",
            **more,
        }
    )


async def test_a_ban_is_found_again(server: RedisOverTls, tmp_path: Path) -> None:
    settings = settings_for(server, tmp_path, server.certificates.authority)
    store = store_of(settings, peppers_of(settings))
    await store.open()
    await store.enrol([a_ban("1", handle="umar_media")], now=NOW)
    (found,) = await store.bans_like([a_query("q", handle="um4r.media")], now=NOW)
    assert len(found) == 1
    assert await store.ready() is None
    await store.close()


async def test_a_server_of_another_authority_is_not_trusted(server: RedisOverTls, tmp_path: Path) -> None:
    settings = settings_for(server, tmp_path, make_certificates(tmp_path).authority)
    inspection = Inspection(endpoint_of(settings))
    with pytest.raises(StoreUnavailable):
        await inspection.servers()
    await inspection.close()


async def test_plain_text_is_not_answered(server: RedisOverTls, tmp_path: Path) -> None:
    settings = settings_for(server, tmp_path, server.certificates.authority, scheme="redis")
    inspection = Inspection(endpoint_of(settings))
    with pytest.raises(StoreUnavailable):
        await inspection.servers()
    await inspection.close()


async def test_a_server_that_demands_a_certificate_answers_who_has_one(
    demanding: RedisOverTls, tmp_path: Path
) -> None:
    own = demanding.certificates
    files = {
        "SAMEHAND_REDIS_CERT_FILE": str(own.of("client")),
        "SAMEHAND_REDIS_KEY_FILE": str(own.key_of("client")),
    }
    inspection = Inspection(endpoint_of(settings_for(demanding, tmp_path, own.authority, **files)))
    assert await inspection.servers()
    await inspection.close()
    bare = Inspection(endpoint_of(settings_for(demanding, tmp_path, own.authority)))
    with pytest.raises(StoreUnavailable):
        await bare.servers()
    await bare.close()
