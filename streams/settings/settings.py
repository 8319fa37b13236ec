"""All settings in one: those of each subject, and what holds between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, Field, FilePath, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from streams.settings.delivery import DeliverySettings
from streams.settings.desk import DeskSettings
from streams.settings.fields import PREFIX, WEB_ADDRESS, Port, secret
from streams.settings.kafka import KafkaSettings
from streams.settings.scoring import ScoringSettings
from streams.settings.store import StoreSettings


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


class RetentionSettings(BaseModel):
    """How long accounts and alerts are remembered, and within which memory."""

    remember_days: int = Field(
        30, ge=1, le=365, description="Days that new accounts are remembered for later bans."
    )
    remember_megabytes: int = Field(
        1_000,
        ge=1,
        le=10_000_000,
        description="Memory for remembered accounts; beyond it the oldest are forgotten, and counted.",
    )
    count_lag_hours: int = Field(
        24,
        ge=0,
        le=720,
        description="Hours until what accounts show makes it common; what others hand out does at once.",
    )
    dedup_days: int = Field(
        35,
        ge=1,
        le=400,
        description="Days that a withdrawn alert and a lifted ban are known, at least as long as the above."
        " Open and dismissed alerts are known for as long as their ban.",
    )


_LOCAL_ISSUER: Final = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?(/.*)?")


class OidcSettings(BaseModel):
    """The desk's identity provider, and what its roles are here."""

    desk_oidc_issuer: str = Field(
        "",
        description="Who people sign in with (OpenID Connect), as it calls itself: https://id.example.org.",
    )
    desk_oidc_client_id: str = Field("", max_length=256, description="What it knows the desk by.")
    desk_oidc_client_secret_file: FilePath | None = Field(
        None, description="File that holds the secret that goes with it; a public client has none."
    )
    desk_oidc_ca_file: FilePath | None = Field(
        None, description="Certificates to trust for it (PEM); the system's without it."
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
        if url.startswith("http:") and not _LOCAL_ISSUER.fullmatch(url):
            raise ValueError(
                "must be https:// where it is not this machine: without TLS others could sign in as anybody"
            )
        return url

    def desk_oidc_secret(self) -> str | None:
        """The desk's secret at the provider. Raises `SettingsError` when its file cannot be read."""
        return secret("DESK_OIDC_CLIENT_SECRET", None, self.desk_oidc_client_secret_file)


Level = Literal["debug", "info", "warning", "error"]


class WatchingSettings(BaseModel):
    """Health, logs and traces of a process, and its supervision."""

    web_host: str = Field("127.0.0.1", description="Address that /metrics and /health are served on.")
    web_port: Port = Field(6066, description="Their port.")
    log_level: Level = Field("info", description="debug, info, warning or error.")
    stuck_seconds: float = Field(
        120.0, ge=10.0, le=3600.0, description="Lag without progress for so long ends the process."
    )
    traces_url: str = Field(
        "",
        description="Where traces are sent, as OTLP over HTTP: http://collector:4318/v1/traces. Off without.",
    )
    traces_share: float = Field(
        0.01, ge=0.0, le=1.0, description="Share of events traced where their producer did not decide."
    )
    hang_seconds: float = Field(
        15.0,
        ge=1.0,
        le=600.0,
        description="A worker whose event loop stands still for so long is killed and started again.",
    )
    data_dir: Path | None = Field(
        None,
        description="Folder for what a worker had in hand as it ended; without it, none is remembered.",
    )

    @field_validator("traces_url")
    @classmethod
    def _collector(cls, url: str) -> str:
        if url and not WEB_ADDRESS.fullmatch(url):
            raise ValueError("must be http:// or https:// with a host, and without a user in it")
        return url


class Settings(  # the order of the reference from below: pydantic takes the fields of the last base first
    WatchingSettings,
    OidcSettings,
    DeskSettings,
    RetentionSettings,
    DeliverySettings,
    ScoringSettings,
    StoreSettings,
    ServingSettings,
    GateSettings,
    BridgeSettings,
    KafkaSettings,
    BaseSettings,
):
    """What an operator can turn. Frozen once read."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is passed in: `load` has read the environment already."""
        return (init_settings,)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if fault := next(self._contradictions(), None):
            raise ValueError(fault)
        return self

    def _contradictions(self) -> Iterator[str]:
        if self.possible > self.likely:
            yield f"{PREFIX}POSSIBLE must not be above {PREFIX}LIKELY"
        if self.dedup_days < self.remember_days:
            yield f"{PREFIX}DEDUP_DAYS must not be below {PREFIX}REMEMBER_DAYS: alerts would be repeated"
        if self.kafka_sasl_mechanism and not (
            self.kafka_username and (self.kafka_password or self.kafka_password_file)
        ):
            yield f"{PREFIX}KAFKA_SASL_MECHANISM needs {PREFIX}KAFKA_USERNAME and {PREFIX}KAFKA_PASSWORD_FILE"
        if (self.kafka_cert_file is None) != (self.kafka_key_file is None):
            yield f"{PREFIX}KAFKA_CERT_FILE and {PREFIX}KAFKA_KEY_FILE must be set together"
        if (self.redis_cert_file is None) != (self.redis_key_file is None):
            yield f"{PREFIX}REDIS_CERT_FILE and {PREFIX}REDIS_KEY_FILE must be set together"
        if self.redis_cert_file and not self.redis.tls:
            yield f"{PREFIX}REDIS_CERT_FILE needs TLS: rediss:// or ?tls=true in {PREFIX}REDIS_URL"
        if self.redis_sentinel_username and not self.redis_sentinel_password_file:
            yield f"{PREFIX}REDIS_SENTINEL_USERNAME needs {PREFIX}REDIS_SENTINEL_PASSWORD_FILE"
        if self.redis_sentinel_password_file and self.redis.kind != "sentinel":
            yield f"{PREFIX}REDIS_SENTINEL_PASSWORD_FILE needs sentinel:// in {PREFIX}REDIS_URL"
        if self.desk_oidc_issuer and not (self.desk_oidc_client_id and self.desk_oidc_roles):
            yield (
                f"{PREFIX}DESK_OIDC_ISSUER needs {PREFIX}DESK_OIDC_CLIENT_ID and {PREFIX}DESK_OIDC_ROLES: "
                "without them nobody could sign in"
            )
        if not self.kafka_tls and (self.kafka_ca_file or self.kafka_cert_file):
            yield f"{PREFIX}KAFKA_CA_FILE and {PREFIX}KAFKA_CERT_FILE need {PREFIX}KAFKA_TLS=true"
