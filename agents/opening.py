"""From settings to a store and its secrets: the one place that knows both."""

from __future__ import annotations

from typing import Any

from samehand.errors import UnusableStock
from samehand.stock import NO_STOCK, StockPictures, read_stock
from store.memory import Bounds
from store.pepper import Peppers, UnusablePepper, read_peppers
from store.redis import Endpoint, RedisStore, Sizes
from streams.errors import SettingsError
from streams.settings import Settings

DAY_SECONDS = 86_400.0

# The outer deadline of a command covers the client's connecting and one repeat, so it is a multiple of the
# time that Redis itself may take.
DEADLINES_A_COMMAND = 4


def peppers_of(settings: Settings) -> Peppers:
    """The secrets in force.

    Raises:
        SettingsError: no pepper file is set, or it cannot be used; says which and why, never a secret.
    """
    if settings.pepper_file is None:
        raise SettingsError(
            {"SAMEHAND_PEPPER_FILE": "is not set: personal values cannot be kept without a secret"}
        )
    try:
        return read_peppers([settings.pepper_file])
    except UnusablePepper as fault:
        raise SettingsError({"SAMEHAND_PEPPER_FILE": str(fault)}) from fault


def stock_of(settings: Settings) -> StockPictures:
    """The pictures that say nothing.

    Raises:
        SettingsError: the list cannot be read; says which line.
    """
    path = settings.avatar_blocklist
    if path is None:
        return NO_STOCK
    try:
        return read_stock(path.read_text("utf-8"))
    except UnusableStock as fault:
        raise SettingsError({"SAMEHAND_AVATAR_BLOCKLIST": str(fault)}) from fault
    except (OSError, UnicodeDecodeError) as fault:
        reason = f"cannot be read ({type(fault).__name__})"
        raise SettingsError({"SAMEHAND_AVATAR_BLOCKLIST": reason}) from fault


def store_of(settings: Settings, peppers: Peppers, *, known_epoch: str = "") -> RedisStore:
    """The store that the settings name, not yet opened."""
    return RedisStore(
        endpoint_of(settings),
        prefix=settings.store_prefix,
        identity=peppers.identity,
        sizes=Sizes(
            shards=settings.store_shards, bans=settings.store_bans, remembered=settings.store_remembered
        ),
        bounds=Bounds(
            retention_seconds=settings.remember_days * DAY_SECONDS,
            remembered_bytes=settings.remember_megabytes * 1_000_000,
        ),
        known_epoch=known_epoch,
    )


def endpoint_of(settings: Settings) -> Endpoint:
    """Where Redis is, as the store wants to hear it."""
    address = settings.redis
    shared = _connection(settings)
    given = _given(username=settings.redis_username, password=settings.redis_secret()) | shared
    deadline_seconds = DEADLINES_A_COMMAND * settings.redis_timeout_ms / 1000
    if address.kind == "sentinel":
        return Endpoint(
            sentinels=address.hosts,
            service=address.master,
            deadline_seconds=deadline_seconds,
            options={**given, "db": address.database},
            sentinel_options=_given(
                username=settings.redis_sentinel_username, password=settings.sentinel_secret()
            )
            | shared,
        )
    if address.kind == "cluster":
        return Endpoint(cluster=address.hosts, deadline_seconds=deadline_seconds, options=given)
    host, port = address.hosts[0] if address.hosts else ("", 0)
    # TLS is said by the scheme here.
    plain = {name: value for name, value in given.items() if name != "ssl"}
    if address.kind == "unix":
        url = f"unix://{address.path}?db={address.database}"
    else:
        url = f"{'rediss' if address.tls else 'redis'}://{host}:{port}/{address.database}"
    return Endpoint(url=url, deadline_seconds=deadline_seconds, options=plain)


def _connection(settings: Settings) -> dict[str, Any]:
    """What holds of every connection, those to Sentinels too: how long it may take, and TLS."""
    seconds = settings.redis_timeout_ms / 1000
    options: dict[str, Any] = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    if settings.redis.tls:
        options["ssl"] = True
        files = {
            "ssl_ca_certs": settings.redis_ca_file,
            "ssl_certfile": settings.redis_cert_file,
            "ssl_keyfile": settings.redis_key_file,
        }
        options |= {name: str(path) for name, path in files.items() if path is not None}
    return options


def _given(**options: str | None) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
