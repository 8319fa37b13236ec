"""Settings of what speaks HTTP with other systems: `samehand gate` and `samehand deliver`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, FilePath, field_validator

from streams.settings.fields import WEB_ADDRESS, Port, signing_key
from streams.standard_webhooks import Secret


class GateSettings(BaseModel):
    """Where alerts are delivered, and where and whom the gate answers."""

    endpoints: FilePath | None = Field(
        None, description="Where alerts go, for `samehand deliver`: a TOML file."
    )

    gate_host: str = Field("127.0.0.1", description="Address that `samehand gate` answers callers on.")
    gate_port: Port = Field(6070, description="Its port; /metrics and /health are on the port for watching.")
    gate_keys: Path | None = Field(
        None, description="File of the callers' keys, which `samehand keys` writes; digests alone."
    )
    gate_webhooks: FilePath | None = Field(
        None, description="Whose webhooks the gate takes, and how they are signed: a TOML file."
    )
    gate_deadline_ms: int = Field(
        150,
        ge=1,
        le=10_000,
        description="Milliseconds within which the gate scores, where a caller says none.",
    )
    gate_desk_url: str = Field(
        "",
        max_length=2_048,
        description="Address of the desk that the gate relays appeals to; without it the gate takes none.",
    )
    gate_desk_secret_file: FilePath | None = Field(
        None, description="File with the secret that signs appeals to the desk (Standard Webhooks, whsec_…)."
    )
    gate_desk_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for the desk (PEM); the system's without it."
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
