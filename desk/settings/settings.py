"""Settings that the desk alone reads: its database and address, how alerts are read, how people sign in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal

from pydantic import BaseModel, Field, FilePath, SecretStr, field_validator

from desk.settings.profiles import ProfileSettings
from streams.settings import Settings
from streams.settings.fields import PREFIX, WEB_ADDRESS, Port, secret, signing_key
from streams.standard_webhooks import Secret

_DESK: Final = re.compile(r"https?://(\[[0-9A-Fa-f:]+\]|[^\s/?#@:\[\]]+)(:\d{1,5})?/?")
_LOCAL: Final = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?/?")
_LOCAL_PATH: Final = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?(/.*)?")


class OidcSettings(BaseModel):
    """The desk's identity provider, and what its roles are here."""

    desk_oidc_issuer: str = Field("", description="OpenID Connect issuer: https://id.example.org.")
    desk_oidc_client_id: str = Field("", max_length=256, description="The desk's client id there.")
    desk_oidc_client_secret_file: FilePath | None = Field(
        None, description="File that holds the client secret; a public client has none."
    )
    desk_oidc_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for it (PEM) instead of the system's."
    )
    desk_oidc_scopes: str = Field(
        "openid profile",
        pattern=r"^([!#-\[\]-~]+ )*openid( [!#-\[\]-~]+)*$",
        max_length=512,
        description="What is asked for, with blanks between; openid among it.",
    )
    desk_oidc_roles_claim: str = Field(
        "roles",
        pattern=r"^\S{1,256}$",
        description="Claim of the id token that holds the role; realm_access.roles is nested.",
    )
    desk_oidc_roles: dict[str, Literal["moderator", "lead", "auditor"]] = Field(
        default_factory=dict,
        max_length=100,
        description='Its values and our roles, as JSON, the first that fits: {"desk-leads": "lead"}.',
    )

    @field_validator("desk_oidc_issuer")
    @classmethod
    def _issuer(cls, url: str) -> str:
        if url and not WEB_ADDRESS.fullmatch(url):
            raise ValueError("must be https:// with a host, and without a user, a query or a fragment in it")
        if url.startswith("http:") and not _LOCAL_PATH.fullmatch(url):
            raise ValueError(
                "must be https:// where it is not this machine: without TLS others could sign in as anybody"
            )
        return url

    def desk_oidc_secret(self) -> str | None:
        """The desk's secret at the provider. Raises `SettingsError` when its file cannot be read."""
        return secret("DESK_OIDC_CLIENT_SECRET", self.desk_oidc_client_secret_file)


class ReviewSettings(BaseModel):
    """Where the desk is, and how alerts are read there."""

    database_url: SecretStr = Field(
        SecretStr("sqlite:///samehand-desk.db"),
        description="Where the desk keeps decisions: sqlite:///FILE, or postgresql://user@host/name.",
    )
    database_password_file: FilePath | None = Field(
        None, description="File that holds PostgreSQL's password, so that it stands in no address."
    )
    desk_host: str = Field("127.0.0.1", description="Address that the desk is served on.")
    desk_port: Port = Field(6068, description="Its port.")
    desk_url: str = Field(
        "", description="The desk's address as browsers see it; https:// where it is not on this machine."
    )
    desk_appeals_secret_file: FilePath | None = Field(
        None,
        description="File with the secret of gates that relay appeals (whsec_…); without it none are taken.",
    )
    desk_session_minutes: int = Field(
        30, ge=1, le=1_440, description="Minutes after which an idle session ends; twelve hours end any."
    )
    desk_blind_share: float = Field(
        0.15, ge=0.0, le=1.0, description="Share of alerts shown without score, band and weights."
    )
    desk_second_share: float = Field(
        0.05, ge=0.0, le=1.0, description="Share of decided alerts that a second person reads."
    )
    desk_undo_seconds: float = Field(
        10.0, ge=0.0, le=300.0, description="How long a decision can be undone before it is published."
    )
    desk_likely_minutes: float = Field(
        60.0, ge=1.0, le=100_000.0, description="Goal: minutes until a `likely` alert is decided."
    )
    desk_possible_minutes: float = Field(
        1_440.0, ge=1.0, le=100_000.0, description="Goal: minutes until a `possible` alert is decided."
    )
    desk_erase_days: int = Field(
        240,
        ge=1,
        le=3_650,
        description="Days after the last decision on an alert when its quotes and notes are erased.",
    )
    desk_exposure_days: int = Field(
        30, ge=1, le=365, description="Days after which the counts of what somebody read are erased."
    )

    desk_gate_url: str = Field(
        "",
        max_length=2_048,
        description="Gate that leads ask who is like an account; https:// beyond this host or its network.",
    )
    desk_gate_key_file: FilePath | None = Field(
        None, description="File with the desk's key for it, which has the right `related`."
    )
    desk_gate_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for it (PEM) instead of the system's."
    )

    @field_validator("desk_gate_url")
    @classmethod
    def _gate(cls, url: str) -> str:
        if url and not _DESK.fullmatch(url):
            raise ValueError("must be http:// or https:// with a host, and nothing after it")
        return url.rstrip("/")

    def desk_gate_key(self) -> str | None:
        """The desk's key for the gate, of its file. Raises `SettingsError` when that cannot be read."""
        return secret("DESK_GATE_KEY", self.desk_gate_key_file)

    @field_validator("desk_url")
    @classmethod
    def _desk(cls, url: str) -> str:
        if url and not _DESK.fullmatch(url):
            raise ValueError("must be http:// or https:// with a host, and nothing after it")
        if url.startswith("http:") and not _LOCAL.fullmatch(url):
            raise ValueError(
                "must be https:// where it is not this machine: without TLS others can read the sessions"
            )
        return url.rstrip("/")

    @property
    def desk_base_url(self) -> str:
        """The desk's address as browsers see it."""
        return self.desk_url or f"http://{self.desk_host}:{self.desk_port}"

    def desk_appeals_secret(self) -> Secret | None:
        """Returns the key that gates sign with. Raises `SettingsError` when its file cannot be used."""
        return signing_key("DESK_APPEALS_SECRET", self.desk_appeals_secret_file)

    def database_secret(self) -> str | None:
        """PostgreSQL's password, of its file. Raises `SettingsError` when that cannot be read."""
        return secret("DATABASE_PASSWORD", self.database_password_file)


class DeskSettings(OidcSettings, ProfileSettings, ReviewSettings, Settings):
    """Settings of the desk's process: its own, and those of every process. Frozen once read."""

    def _contradictions(self) -> Iterator[str]:
        yield from super()._contradictions()
        if self.desk_oidc_issuer and not (self.desk_oidc_client_id and self.desk_oidc_roles):
            yield (
                f"{PREFIX}DESK_OIDC_ISSUER needs {PREFIX}DESK_OIDC_CLIENT_ID and {PREFIX}DESK_OIDC_ROLES: "
                "without them nobody could sign in"
            )
        if self.desk_profile_source and not self.desk_profile_source_secret_file:
            yield (
                f"{PREFIX}DESK_PROFILE_SOURCE needs {PREFIX}DESK_PROFILE_SOURCE_SECRET_FILE: the platform "
                "must know who asks"
            )
        if self.desk_profile_source.startswith("http:") and not self.desk_profile_source_networks:
            yield (
                f"{PREFIX}DESK_PROFILE_SOURCE must be https://, unless {PREFIX}DESK_PROFILE_SOURCE_ALLOWED "
                "names its network: profiles would travel in the clear"
            )
