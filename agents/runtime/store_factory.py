"""Builds the store, the peppers and lists from settings: the one place that knows both sides."""

from __future__ import annotations

import re
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import Any, Final

from samehand.elapsed import DAY_SECONDS, HOUR_SECONDS
from samehand.errors import UnusableStock
from samehand.pictures.stock import LINES_LISTED_MAX, NO_STOCK, StockPictures, read_stock
from store.bounds import Bounds
from store.pepper.pepper import Peppers, UnusablePepper, read_peppers
from store.redis import RedisEndpoint, RedisStore, Sizes
from store.redis.store_meta import UNFILLED
from streams.errors import SettingsError
from streams.kafka.group_position import has_acknowledged
from streams.kafka.store_epoch import known_epoch
from streams.kafka.topics import names
from streams.settings import Settings

# The outer deadline of a command covers the client's connecting and one repeat, so it is a multiple of the
# time that Redis itself may take.
DEADLINES_A_COMMAND = 4

_KEY: Final = re.compile(r"[a-z0-9_.-]{1,32}:.")  # PLATFORM:ACCOUNT_ID


def peppers_of(settings: Settings) -> Peppers:
    """The secrets in force.

    Raises:
        SettingsError: no pepper file is set, or it cannot be used; says which and why, never a secret.
    """
    if settings.pepper_file is None:
        raise SettingsError(
            {"SAMEHAND_PEPPER_FILE": "is not set: it must name the pepper file that keys personal values"}
        )
    try:
        return read_peppers([settings.pepper_file])
    except UnusablePepper as fault:
        raise SettingsError({"SAMEHAND_PEPPER_FILE": str(fault)}) from fault


def stock_of(settings: Settings) -> StockPictures:
    """Reads the list of stock pictures, which are no evidence.

    Raises:
        SettingsError: the list cannot be read; says which line.
    """
    path = settings.avatar_blocklist
    if path is None:
        return NO_STOCK
    try:
        return read_stock(_text(path, "SAMEHAND_AVATAR_BLOCKLIST"))
    except UnusableStock as fault:
        raise SettingsError({"SAMEHAND_AVATAR_BLOCKLIST": f"{path}: {fault}"}) from fault


def allowlist_of(settings: Settings) -> frozenset[str]:
    """Reads the keys of accounts that never alert, one per line; ``#`` begins a comment.

    Raises:
        SettingsError: the list cannot be read, or a line is the key of no account; says which lines.
    """
    path = settings.allowlist
    if path is None:
        return frozenset()
    keys = [line.partition("#")[0].strip() for line in _text(path, "SAMEHAND_ALLOWLIST").splitlines()]
    # A key that no account can have would leave its account to be alerted on, silently.
    bad = [number for number, key in enumerate(keys, 1) if key and not _KEY.match(key)]
    if bad:
        listed = ", ".join(map(str, bad[:LINES_LISTED_MAX])) + (" …" if len(bad) > LINES_LISTED_MAX else "")
        reason = f"{path}: line {listed}: not the key of an account, such as x:1076313901"
        raise SettingsError({"SAMEHAND_ALLOWLIST": reason})
    return frozenset(filter(None, keys))


def _text(path: Path, variable: str) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as fault:
        raise SettingsError({variable: f"{path}: {fault.strerror}"}) from fault
    except UnicodeDecodeError as fault:
        raise SettingsError({variable: f"{path}: is not UTF-8"}) from fault


def store_of(
    settings: Settings,
    peppers: Peppers,
    *,
    known_epoch: str = "",
    carrying: bool = False,
    working: bool = False,
    read_only: bool = False,
) -> RedisStore:
    """The store that the settings name, not yet opened.

    ``carrying``: opened to carry one store into another; ``working``: opened by a worker; ``read_only``:
    opened by a process that may write nothing there.
    """
    return RedisStore(
        replace_fields(endpoint_of(settings), read_only=read_only),
        prefix=settings.store_prefix,
        identity=peppers.identity,
        sizes=Sizes(bans=settings.store_bans, remembered=settings.store_remembered),
        bounds=Bounds(
            retention_seconds=settings.remember_days * DAY_SECONDS,
            remembered_bytes=settings.remember_megabytes * 1_000_000,
            lag_seconds=settings.count_lag_hours * HOUR_SECONDS,
            dedup_seconds=settings.dedup_days * DAY_SECONDS,
        ),
        known_epoch=known_epoch,
        carrying=carrying,
        working=working,
    )


def expected_epoch(settings: Settings) -> str:
    """The epoch that the store should have, by what Kafka knows.

    "": none, since the group has no bans yet, or reads them from the first on. ``UNFILLED``: none is noted,
    though the group acknowledged bans; they are in another store.

    Raises `BrokerUnavailable`, `BrokerRefused`.
    """
    return known_epoch(settings) or (UNFILLED if has_acknowledged(settings, names(settings).banned) else "")


def endpoint_of(settings: Settings) -> RedisEndpoint:
    """Converts the settings of Redis to the store's endpoint."""
    address = settings.redis
    # The options of every connection, those to Sentinels too: time-outs, and TLS.
    seconds = settings.redis_timeout_ms / 1000
    shared: dict[str, Any] = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    if settings.redis.tls:
        shared["ssl"] = True
        files = {
            "ssl_ca_certs": settings.redis_ca_file,
            "ssl_certfile": settings.redis_cert_file,
            "ssl_keyfile": settings.redis_key_file,
        }
        shared |= {name: str(path) for name, path in files.items() if path is not None}
    given = _given(username=settings.redis_username, password=settings.redis_secret()) | shared
    deadline_seconds = DEADLINES_A_COMMAND * settings.redis_timeout_ms / 1000
    if address.kind == "sentinel":
        return RedisEndpoint(
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
        return RedisEndpoint(cluster=address.hosts, deadline_seconds=deadline_seconds, options=given)
    host, port = address.hosts[0] if address.hosts else ("", 0)
    # The scheme of a URL says whether TLS is used.
    plain = {name: value for name, value in given.items() if name != "ssl"}
    if address.kind == "unix":
        url = f"unix://{address.path}?db={address.database}"
    else:
        url = f"{'rediss' if address.tls else 'redis'}://{host}:{port}/{address.database}"
    return RedisEndpoint(url=url, deadline_seconds=deadline_seconds, options=plain)


def _given(**options: str | None) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
