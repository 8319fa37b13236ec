"""Settings of the bridge: other topics' records, and the registry of their schemas."""

from __future__ import annotations

from pydantic import BaseModel, Field, FilePath

from streams.settings.fields import secret


class BridgeSettings(BaseModel):
    """What becomes of foreign topics, and where their schemas are."""

    mappings: FilePath | None = Field(
        None, description="What becomes of other topics' records, for `samehand bridge`: a TOML file."
    )

    registry_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s@?#]{1,500}$",
        description="Schema registry of foreign topics in Avro or Protobuf; without a user in it.",
    )
    registry_username: str | None = Field(None, description="User of the schema registry.")
    registry_password_file: FilePath | None = Field(
        None, description="File that holds the schema registry's password."
    )
    registry_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for the schema registry (PEM); the system's without it."
    )

    def registry_secret(self) -> str | None:
        """The schema registry's password. Raises `SettingsError` when its file cannot be read."""
        return secret("REGISTRY_PASSWORD", None, self.registry_password_file)
