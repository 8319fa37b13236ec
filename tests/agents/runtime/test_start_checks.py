"""The store before a worker joins its group: let in, and the one that it was told of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.runtime.start_checks import store_fault
from agents.runtime.store_factory import peppers_of
from local.redis import EmbeddedRedis
from store.pepper.pepper import write_pepper_file
from streams.faust_app.start_checks import StartFault
from streams.settings import load
from streams.supervision.exit_codes import EXIT_CONFIG, EXIT_REFUSED, EXIT_STORE

pytestmark = pytest.mark.journey


async def found(environment: dict[str, str], **more: str) -> StartFault | None:
    settings = load({**environment, **more})
    return await store_fault(settings, peppers_of(settings))


@pytest.fixture
def environment(redis_url: str, store_prefix: str, tmp_path: Path) -> dict[str, str]:
    pepper = tmp_path / "pepper"
    write_pepper_file(pepper)
    return {
        "SAMEHAND_REDIS_URL": redis_url,
        "SAMEHAND_STORE_PREFIX": store_prefix,
        "SAMEHAND_PEPPER_FILE": str(pepper),
    }


async def test_a_new_store_and_the_same_again_are_no_fault(environment: dict[str, str]) -> None:
    assert await found(environment) is None
    assert await found(environment) is None


async def test_other_shards_are_named_with_their_setting(environment: dict[str, str]) -> None:
    await found(environment)
    fault = await found(environment, SAMEHAND_STORE_SHARDS="2")
    assert fault is not None
    assert "shards is 1 in Redis and 2 here" in fault.what
    assert "SAMEHAND_STORE_SHARDS" in fault.cure
    assert fault.code == EXIT_STORE


async def test_another_pepper_is_called_another_pepper(environment: dict[str, str], tmp_path: Path) -> None:
    await found(environment)
    other = tmp_path / "other"
    write_pepper_file(other)
    fault = await found(environment, SAMEHAND_PEPPER_FILE=str(other))
    assert fault is not None
    assert "pepper" in fault.what
    assert "SAMEHAND_PEPPER_FILE" in fault.cure
    assert "SHARDS" not in fault.cure
    assert fault.code == EXIT_STORE


async def test_a_redis_that_drops_keys_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis", settings={"maxmemory": "200mb"}) as server:
        with server.administrator() as connection:
            connection.config_set("maxmemory-policy", "volatile-lru")
        fault = await found(environment, SAMEHAND_REDIS_URL=server.url)
    assert fault is not None
    assert "volatile-lru" in fault.what
    assert "CONFIG SET maxmemory-policy noeviction" in fault.cure
    assert fault.code == EXIT_CONFIG


async def test_a_redis_that_is_away_is_waited_for(environment: dict[str, str]) -> None:
    assert await found(environment, SAMEHAND_REDIS_URL="redis://127.0.0.1:1/0") is None


@pytest.fixture
def guarded() -> Iterator[EmbeddedRedis]:
    """A Redis that lets nobody in without a name, and one user in who may hardly do anything."""
    with EmbeddedRedis() as embedded:
        with embedded.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", "default", "off")
            administrator.execute_command("ACL", "SETUSER", "few", "on", ">right", "~*", "+ping")
        yield embedded


@pytest.mark.parametrize(
    ("user", "password", "word"),
    [("few", "wrong", "login"), ("nobody", "x", "login"), ("", "", "login"), ("few", "right", "NOPERM")],
)
async def test_a_refused_login_and_a_missing_right_are_told_without_a_secret(
    environment: dict[str, str], guarded: EmbeddedRedis, tmp_path: Path, user: str, password: str, word: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(password)
    login = {"SAMEHAND_REDIS_USERNAME": user, "SAMEHAND_REDIS_PASSWORD_FILE": str(secret)} if user else {}
    fault = await found(environment, SAMEHAND_REDIS_URL=guarded.url, **login)
    assert fault is not None
    assert word in fault.what
    assert guarded.address in fault.what
    assert "SAMEHAND_REDIS_PASSWORD_FILE" in fault.cure
    assert fault.code == EXIT_REFUSED
