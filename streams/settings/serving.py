"""Settings of what stands before gates and desks."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode

from streams.settings.fields import read_networks


class ServingSettings(BaseModel):
    """Whose word on callers' addresses is believed."""

    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        max_length=64,  # each request of a proxy is held against all of them
        description="Addresses and networks of the proxies before a gate or desk, separated by commas; "
        "from others forwarding headers are ignored.",
    )
    proxy_header: Literal["x-forwarded-for", "forwarded"] = Field(
        "x-forwarded-for", description="The header in which they say whom they saw."
    )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, given: Any) -> Any:
        networks = read_networks(given)
        if isinstance(networks, tuple) and any(network.prefixlen == 0 for network in networks):
            raise ValueError("must not be everybody: then each caller could say to be another")
        return networks
