"""Settings of Kafka: how its brokers are reached, and the topics that are ours."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field, FilePath, field_validator
from pydantic_settings import NoDecode

from streams.settings.fields import Count, secret

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

_BROKER: Final = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^\s:/@,]{1,253}):\d{1,5}")  # DNS: 253


class KafkaSettings(BaseModel):
    """How Kafka is spoken to, and what its topics are like."""

    kafka_brokers: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1:9092",), min_length=1, description="Bootstrap addresses, separated by commas."
    )
    kafka_group: str = Field(
        "samehand", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="Consumer group of the workers."
    )
    kafka_tls: bool = Field(False, description="Whether to speak TLS with the brokers.")
    kafka_ca_file: FilePath | None = Field(
        None, description="Certificates to trust (PEM) instead of the system's."
    )
    kafka_cert_file: FilePath | None = Field(None, description="Our certificate (PEM), for mutual TLS.")
    kafka_key_file: FilePath | None = Field(None, description="The key of our certificate (PEM).")
    kafka_sasl_mechanism: Mechanism | None = Field(None, description="PLAIN, SCRAM-SHA-256/512, OAUTHBEARER.")
    kafka_username: str | None = Field(None, description="SASL user, or client id for OAUTHBEARER.")
    kafka_password_file: FilePath | None = Field(None, description="SASL password; JSON for OAUTHBEARER.")
    fetch_wait_ms: int = Field(
        10,
        ge=1,
        le=5000,
        description="Milliseconds that a fetch may wait for data; up to twenty times that while idle.",
    )
    session_seconds: float = Field(
        6.0, ge=1.0, le=300.0, description="A worker silent for so long is dead for its group."
    )

    # Topics
    topic_prefix: str = Field(
        "", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="Before every topic's name."
    )
    topic_partitions: Count = Field(8, le=1000, description="Partitions of topics that are created.")
    topic_replication: Count = Field(
        1, le=9, description="Replicas of topics that are created; 3 in production."
    )
    topic_create: bool = Field(
        True, description="Whether workers, desks and gates create their topics that are missing."
    )

    @field_validator("kafka_brokers", mode="before")
    @classmethod
    def _split(cls, given: object) -> object:
        if isinstance(given, str):
            return tuple(part.strip() for part in given.split(",") if part.strip())
        return given

    @field_validator("kafka_brokers")
    @classmethod
    def _host_and_port(cls, brokers: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_BROKER.fullmatch(broker) for broker in brokers):
            raise ValueError("must be host:port, or several with commas between")
        return brokers

    def kafka_secret(self) -> str | None:
        """The SASL password. Raises `SettingsError` when its file cannot be read."""
        return secret("KAFKA_PASSWORD", self.kafka_password_file)
