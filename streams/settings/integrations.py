"""Settings of what speaks with other systems: the bridge, `samehand deliver`, the gate, and proxies."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, FilePath, field_validator
from pydantic_settings import NoDecode

from streams.settings.fields import WEB_ADDRESS, Port, read_networks, secret, signing_key
from streams.standard_webhooks import Secret


class BridgeSettings(BaseModel):
    """What becomes of foreign topics, and where their schemas are."""

    mappings: FilePath | None = Field(None, description="TOML file of mappings, for `samehand bridge`.")

    registry_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s@?#]{1,500}$",
        description="Schema registry of foreign topics in Avro or Protobuf.",
    )
    registry_username: str | None = Field(None, description="User of the schema registry.")
    registry_password_file: FilePath | None = Field(
        None, description="File that holds the schema registry's password."
    )
    registry_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for it (PEM) instead of the system's."
    )

    def registry_secret(self) -> str | None:
        """The schema registry's password. Raises `SettingsError` when its file cannot be read."""
        return secret("REGISTRY_PASSWORD", self.registry_password_file)


class ServingSettings(BaseModel):
    """Whose word on callers' addresses is believed."""

    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        max_length=64,  # each request of a proxy is held against all of them
        description="Proxies in front of a gate or desk: addresses and networks, separated by commas.",
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


class GateSettings(BaseModel):
    """Where alerts are delivered, and where and whom the gate answers."""

    endpoints: FilePath | None = Field(None, description="TOML file of webhooks, for `samehand deliver`.")

    gate_host: str = Field("127.0.0.1", description="Address that `samehand gate` answers callers on.")
    gate_port: Port = Field(6070, description="Its port; /metrics and /health are on the port for watching.")
    gate_keys: Path | None = Field(
        None, description="File of the callers' keys, which `samehand keys` writes; digests alone."
    )
    gate_webhooks: FilePath | None = Field(None, description="TOML file of webhooks that the gate takes.")
    gate_deadline_ms: int = Field(
        150,
        ge=1,
        le=10_000,
        description="Milliseconds within which the gate scores, where a caller says none.",
    )
    gate_desk_url: str = Field(
        "",
        max_length=2_048,
        description="Desk that the gate relays appeals to; without it the gate takes none.",
    )
    gate_desk_secret_file: FilePath | None = Field(
        None, description="File with the secret that signs appeals to the desk (whsec_…)."
    )
    gate_desk_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for the desk (PEM) instead of the system's."
    )

    @field_validator("gate_desk_url")
    @classmethod
    def _desk_url(cls, url: str) -> str:
        if url and not WEB_ADDRESS.fullmatch(url):
            raise ValueError("must be https:// or http:// with a host, and without a user, query or fragment")
        return url.rstrip("/")

    def gate_desk_key(self) -> Secret | None:
        """Returns the key that signs appeals. Raises `SettingsError` when its file cannot be used."""
        return signing_key("GATE_DESK_SECRET", self.gate_desk_secret_file)
