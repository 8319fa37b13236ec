"""What settings of several subjects share: their prefix, kinds of value, and secrets in files."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field

from streams.errors import SettingsError
from streams.standard_webhooks import Secret, UnusableSecret

PREFIX: Final = "SAMEHAND_"

Probability = Annotated[float, Field(gt=0.0, lt=1.0)]
Share = Annotated[float, Field(gt=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, le=65535)]

WEB_ADDRESS: Final = re.compile(r"https?://(\[[0-9A-Fa-f:]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?(/[^\s?#]*)?")
"""http:// or https:// with a host, and without a user, a query or a fragment."""


def secret(name: str, path: Path | None) -> str | None:
    """The secret in a file, None without one. Raises `SettingsError` when it cannot be read."""
    try:
        return None if path is None else path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError({f"{PREFIX}{name}_FILE": f"cannot be read ({type(fault).__name__})"}) from None


def signing_key(name: str, path: Path | None) -> Secret | None:
    """Returns the key of Standard Webhooks in a file, None without one. Raises `SettingsError`."""
    text = secret(name, path)
    try:
        return None if text is None else Secret.read(text)
    except UnusableSecret as fault:
        raise SettingsError({f"{PREFIX}{name}_FILE": str(fault)}) from None


def read_networks(given: Any) -> Any:
    """Returns the networks of a text; what is no text is left to pydantic. Raises `ValueError`."""
    if not isinstance(given, str):
        return given
    try:
        return tuple(ip_network(network.strip()) for network in given.split(",") if network.strip())
    except ValueError:
        raise ValueError("must be addresses or networks, separated by commas: 10.0.0.0/8") from None
