"""Settings of what stands before gates and desks."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator
from pydantic_settings import NoDecode


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
        if not isinstance(given, str):
            return given
        try:
            networks = tuple(ip_network(one.strip()) for one in given.split(",") if one.strip())
        except ValueError:
            raise ValueError("must be addresses or networks, separated by commas: 10.0.0.0/8") from None
        if any(network.prefixlen == 0 for network in networks):
            raise ValueError("must not be everybody: then each caller could say to be another")
        return networks
