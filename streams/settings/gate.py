"""Settings of what speaks HTTP with other systems: `samehand gate` and `samehand deliver`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, FilePath

from streams.settings.fields import Port


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
