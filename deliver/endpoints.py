"""The operator's file of endpoints: where alerts go, in which shape, and which of them.

::

    [endpoints.trust-and-safety]
    url = "https://hooks.example.org/samehand"
    secret_file = "/run/secrets/trust-and-safety"
    bands = ["likely"]

Secrets stand in files or in the environment, never in this one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from schemas import fields
from schemas.alerts import AlertSummary, Band, MirrorAlert
from schemas.appeals import AppealDecided
from schemas.waves import WaveAlert
from streams.errors import SettingsError
from streams.outbound.addresses import Network, may_be_reached, read_address
from streams.settings import PREFIX, Settings
from streams.standard_webhooks import Secret, UnusableSecret
from streams.supervision.flight_recorder import SLOTS

VARIABLE: Final = f"{PREFIX}ENDPOINTS"

FILE_BYTES_MAX: Final = 256 * 1024
"""A hundred endpoints with long filters take a tenth of it."""

ENDPOINTS_MAX: Final = SLOTS
"""Each one is a delivery, one with appeals two, and so many have room in the flight recorder; more go to
another process."""

SECRET_FILE_BYTES_MAX: Final = 16 * 1024
_LIST_MAX: Final = 1_000
_TIMEOUT_SECONDS: Final = 10.0

Shape = Literal["generic", "coop", "slack"]

_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")  # a metric's label and a part of a group's name
_Slugs = Annotated[tuple[fields.Slug, ...], Meta(max_length=_LIST_MAX)]


class _Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of the file, as it is written."""

    url: Annotated[str, Meta(max_length=2048)] | None = None
    url_file: str | None = None
    shape: Shape = "generic"
    secret_file: str | None = None
    secret_env: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$(?!\n)")] | None = None
    key_file: str | None = None
    item_type: fields.Text64 | None = None
    ca_file: str | None = None
    allow_networks: Annotated[tuple[str, ...], Meta(max_length=_LIST_MAX)] = ()
    timeout_seconds: Annotated[float, Meta(ge=0.1, le=25.0)] = _TIMEOUT_SECONDS
    bands: Annotated[tuple[Band, ...], Meta(max_length=_LIST_MAX)] = ()
    policies: _Slugs = ()
    platforms: Annotated[tuple[fields.Platform, ...], Meta(max_length=_LIST_MAX)] = ()
    queues: _Slugs = ()
    authorities: Annotated[tuple[str, ...], Meta(max_length=_LIST_MAX)] = ()
    appeals: bool = False
    waves: bool = False


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    endpoints: Annotated[dict[str, dict[str, Any]], Meta(max_length=ENDPOINTS_MAX)] = {}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts an endpoint gets: of each list one must fit; an empty list takes all.

    `authorities` are those of a ban's basis (`UN`, `OFAC`, …).
    """

    bands: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    authorities: frozenset[str] = frozenset()

    def takes(self, alert: MirrorAlert | AlertSummary | AppealDecided | WaveAlert) -> bool:
        """Whether the endpoint wants it. A summary counts accounts of several bands and platforms; of an
        appeal neither its alert's band nor the ban's basis is known; a wave has only platforms, and one
        withdrawn without members none."""
        if isinstance(alert, WaveAlert):
            there = {member.account.partition(":")[0] for member in alert.members}
            return not (self.platforms and there) or not self.platforms.isdisjoint(there)
        if isinstance(alert, AppealDecided):
            wanted = (
                (self.policies, alert.policy),
                (self.queues, alert.queue),
                (self.platforms, alert.platform),
            )
            return all(not those or value in those for those, value in wanted)
        asked: list[tuple[frozenset[str], str | None]] = [
            (self.policies, alert.matched.policy),
            (self.queues, alert.queue),
            (self.authorities, alert.matched.authority),
        ]
        if isinstance(alert, MirrorAlert):
            asked += [(self.bands, alert.band), (self.platforms, alert.platform)]
        return all(not wanted or value in wanted for wanted, value in asked)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One receiver. Neither its secrets nor its URL, which may be one, are in its repr."""

    name: str
    url: str = field(repr=False)
    shape: Shape = "generic"
    secret: Secret | None = None
    key: str | None = field(default=None, repr=False)
    """What Coop wants in `X-API-KEY`."""
    item_type: str = ""
    """Coop's id of the type of item that alerts are."""
    ca_file: Path | None = None
    allowed: tuple[Network, ...] = ()
    timeout_seconds: float = _TIMEOUT_SECONDS
    filter: Filter = field(default_factory=Filter)
    appeals: bool = False
    """True if it gets decided appeals, too."""
    waves: bool = False
    """True if it gets waves, too: each revision."""


class _Wrong(Exception):
    """What is wrong with one endpoint; quotes no secret."""


def endpoints_of(settings: Settings, environment: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """The endpoints, in the order of the file; `environment` may hold their secrets.

    Raises `SettingsError`: no file is set, or it cannot be used; says which endpoint, which field, and why.
    """
    path = settings.endpoints
    if path is None:
        raise SettingsError({VARIABLE: "is not set: it must name the file of endpoints (docs/deliver.md)"})
    try:
        text = _read(path, FILE_BYTES_MAX)
    except _Wrong as fault:
        raise SettingsError({VARIABLE: str(fault)}) from None
    try:
        return read_endpoints(text, environment)
    except _Wrong as fault:
        raise SettingsError({VARIABLE: f"{path}: {fault}"}) from None


def read_endpoints(text: str, environment: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """The endpoints of a file's text. Raises as `endpoints_of` does."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as fault:
        raise _Wrong(f"is not TOML: {fault}") from None
    except RecursionError:
        raise _Wrong("is not TOML: nested too deep") from None
    except msgspec.ValidationError as fault:
        raise _Wrong(_reason(fault)) from None
    if not file.endpoints:
        raise _Wrong("names no endpoint: write a table [endpoints.NAME] for each (docs/deliver.md)")
    endpoints = tuple(_endpoint(name, entry, environment) for name, entry in file.endpoints.items())
    if sum(1 + endpoint.appeals + endpoint.waves for endpoint in endpoints) > ENDPOINTS_MAX:
        raise _Wrong(
            f"more than {ENDPOINTS_MAX} endpoints, of which one with appeals or waves counts twice, one with"
            " both thrice"
        )
    return endpoints


def _reason(fault: msgspec.ValidationError) -> str:
    return str(fault).replace("`$.", "`")


def _endpoint(name: str, raw: dict[str, Any], environment: Mapping[str, str]) -> Endpoint:
    if not _NAME.fullmatch(name):
        raise _Wrong(f"endpoints.{name[:48]!r}: a name is of small letters, digits and hyphens, at most 48")
    try:
        entry = msgspec.convert(raw, _Entry)
        allowed = tuple(_network(text) for text in entry.allow_networks)
        secret = _secret(entry, environment)
        if entry.shape == "coop" and (entry.key_file is None or entry.item_type is None):
            raise _Wrong("shape coop needs key_file (Coop's API key) and item_type (its id of the item type)")
        if entry.shape != "coop" and (entry.key_file is not None or entry.item_type is not None):
            raise _Wrong("key_file and item_type belong to shape coop")
        if entry.shape == "coop" and entry.appeals:
            raise _Wrong("appeals: an item of Coop is an alert; name another endpoint for appeals")
        if entry.shape == "coop" and entry.waves:
            raise _Wrong("waves: an item of Coop is an alert; name another endpoint for waves")
        if entry.shape == "generic" and secret is None:
            raise _Wrong("needs secret_file or secret_env: without a signature the receiver cannot trust it")
        if entry.ca_file is not None and not Path(entry.ca_file).is_file():
            raise _Wrong(f"ca_file: {entry.ca_file}: there is no such file")
        return Endpoint(
            name,
            _url(entry, allowed),
            entry.shape,
            secret,
            None if entry.key_file is None else _header_value(Path(entry.key_file)),
            entry.item_type or "",
            None if entry.ca_file is None else Path(entry.ca_file),
            allowed,
            entry.timeout_seconds,
            Filter(
                frozenset(entry.bands),
                frozenset(entry.policies),
                frozenset(entry.platforms),
                frozenset(entry.queues),
                frozenset(entry.authorities),
            ),
            entry.appeals,
            entry.waves,
        )
    except msgspec.ValidationError as fault:
        raise _Wrong(f"endpoints.{name}: {_reason(fault)}") from None
    except _Wrong as fault:
        raise _Wrong(f"endpoints.{name}: {fault}") from None


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise _Wrong(f"allow_networks: {text!r} is no network; it looks like 10.2.0.0/16") from None


def _secret(entry: _Entry, environment: Mapping[str, str]) -> Secret | None:
    if entry.secret_file is not None and entry.secret_env is not None:
        raise _Wrong("secret_file and secret_env exclude each other")
    if entry.secret_env is not None:
        where, text = f"secret_env: {entry.secret_env}", environment.get(entry.secret_env, "")
        if not text:
            raise _Wrong(f"{where} is not set")
    elif entry.secret_file is not None:
        where, text = (
            f"secret_file: {entry.secret_file}",
            _read(Path(entry.secret_file), SECRET_FILE_BYTES_MAX),
        )
    else:
        return None
    try:
        return Secret.read(text)
    except UnusableSecret as fault:
        raise _Wrong(f"{where}: {fault}") from None


def _header_value(path: Path) -> str:
    text = _read(path, SECRET_FILE_BYTES_MAX).strip()
    if not _PRINTABLE.fullmatch(text):
        raise _Wrong(f"key_file: {path}: must hold one key of printable ASCII")
    return text


def _url(entry: _Entry, allowed: tuple[Network, ...]) -> str:
    if (entry.url is None) == (entry.url_file is None):
        raise _Wrong("needs url or url_file, and not both")
    text = entry.url if entry.url_file is None else _read(Path(entry.url_file), SECRET_FILE_BYTES_MAX).strip()
    assert text is not None  # one of both is given
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _Wrong("url: is no URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise _Wrong("url: must be https:// with a host")
    if not _PRINTABLE.fullmatch(text):
        raise _Wrong("url: must be printable ASCII; a host of other letters as xn--…")
    if parts.username is not None or parts.password is not None:
        raise _Wrong("url: must not hold a user or a password; url_file may hold a URL that is a secret")
    if parts.fragment:
        raise _Wrong("url: must not have a fragment")
    host = parts.hostname or ""
    address = read_address(host)
    if parts.scheme == "http" and not allowed:
        raise _Wrong("url: plain http only with allow_networks: alerts would travel in the clear")
    if address is not None and not may_be_reached(address, allowed):
        raise _Wrong(f"url: {host} is no public address; allow_networks may allow it")
    return text


def _read(path: Path, bytes_max: int) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(bytes_max + 1)
        text = raw.decode("utf-8")
    except OSError as fault:
        raise _Wrong(f"{path}: {fault.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise _Wrong(f"{path}: is not UTF-8") from None
    if len(raw) > bytes_max:
        raise _Wrong(f"{path}: is larger than {bytes_max // 1024} KiB")
    return text
