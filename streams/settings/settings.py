"""All settings in one: those of each subject, and what holds between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from streams.settings.delivery import DeliverySettings
from streams.settings.fields import PREFIX, WEB_ADDRESS, Port
from streams.settings.integrations import BridgeSettings, GateSettings, ServingSettings
from streams.settings.kafka import KafkaSettings
from streams.settings.retention import RetentionSettings
from streams.settings.scoring import ScoringSettings
from streams.settings.store import StoreSettings

Level = Literal["debug", "info", "warning", "error"]


class WatchingSettings(BaseModel):
    """Health, logs and traces of a process, and its supervision."""

    web_host: str = Field("127.0.0.1", description="Address of a process's page, /metrics and /health.")
    web_port: Port = Field(6066, description="Port of a process's page, /metrics and /health.")
    log_level: Level = Field("info", description="debug, info, warning or error.")
    stuck_seconds: float = Field(
        120.0, ge=10.0, le=3600.0, description="Lag without progress for so long ends the process."
    )
    traces_url: str = Field(
        "", description="Where traces are sent (OTLP over HTTP): http://collector:4318/v1/traces."
    )
    traces_share: float = Field(
        0.01, ge=0.0, le=1.0, description="Share of events traced where their producer did not decide."
    )
    hang_seconds: float = Field(
        15.0, ge=1.0, le=600.0, description="A worker whose event loop stands still for so long is restarted."
    )
    data_dir: Path | None = Field(None, description="Folder for what a worker had in hand as it ended.")

    @field_validator("traces_url")
    @classmethod
    def _collector(cls, url: str) -> str:
        if url and not WEB_ADDRESS.fullmatch(url):
            raise ValueError("must be http:// or https:// with a host, and without a user in it")
        return url


class Settings(  # the order of the reference from below: pydantic takes the fields of the last base first
    WatchingSettings,
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
    """Settings of every process; `desk.settings` adds those that the desk alone reads. Frozen once read."""

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
        if self.kafka_sasl_mechanism and not (self.kafka_username and self.kafka_password_file):
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
        if self.gate_desk_url and not self.gate_desk_secret_file:
            yield f"{PREFIX}GATE_DESK_URL needs {PREFIX}GATE_DESK_SECRET_FILE: the desk must know who asks"
        if not self.kafka_tls and (self.kafka_ca_file or self.kafka_cert_file):
            yield f"{PREFIX}KAFKA_CA_FILE and {PREFIX}KAFKA_CERT_FILE need {PREFIX}KAFKA_TLS=true"
