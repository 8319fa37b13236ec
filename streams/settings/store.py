"""Settings of the store: how Redis is reached, how the store lies in it, and what keys personal values."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, Field, FilePath, field_validator

from streams.redis_address import RedisAddress, parse_redis_address
from streams.settings.fields import secret

STORE_PREFIX: Final = r"^[A-Za-z0-9._:-]{1,64}$"
"""What may stand before keys in Redis: nothing that a pattern of keys means something by."""


class StoreSettings(BaseModel):
    """How Redis is spoken to, and what the store is laid out for."""

    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="redis://, rediss://, unix://, sentinel://h1,h2/master or cluster://h1,h2.",
    )
    redis_username: str | None = Field(None, description="Redis ACL user.")
    redis_password_file: FilePath | None = Field(None, description="File that holds the Redis password.")
    redis_sentinel_username: str | None = Field(
        None, description="User of the Sentinels themselves, where they let nobody in without."
    )
    redis_sentinel_password_file: FilePath | None = Field(
        None, description="File that holds the Sentinels' password."
    )
    redis_ca_file: FilePath | None = Field(None, description="Certificates to trust for Redis (PEM).")
    redis_cert_file: FilePath | None = Field(
        None, description="Our certificate for Redis (PEM), for mutual TLS."
    )
    redis_key_file: FilePath | None = Field(None, description="The key of our certificate for Redis (PEM).")
    redis_timeout_ms: int = Field(
        250, ge=10, le=60_000, description="Deadline of one Redis command, in milliseconds."
    )
    store_prefix: str = Field("samehand", pattern=STORE_PREFIX, description="Before every Redis key.")
    store_bans: int = Field(
        1_000_000, ge=1_000, le=1_000_000_000, description="Bans the store is laid out for. Set once."
    )
    store_remembered: int = Field(
        1_000_000, ge=1_000, le=1_000_000_000, description="Remembered accounts it is laid out for. Set once."
    )
    pepper_file: FilePath | None = Field(
        None, description="File with the secrets that key personal values (`samehand doctor` says how)."
    )

    @field_validator("redis_url")
    @classmethod
    def _known_address(cls, url: str) -> str:
        parse_redis_address(url)
        return url

    @property
    def redis(self) -> RedisAddress:
        return parse_redis_address(self.redis_url)

    def redis_secret(self) -> str | None:
        """The Redis password. Raises `SettingsError` when its file cannot be read."""
        return secret("REDIS_PASSWORD", self.redis_password_file)

    def sentinel_secret(self) -> str | None:
        """The Sentinels' password. Raises `SettingsError` when its file cannot be read."""
        return secret("REDIS_SENTINEL_PASSWORD", self.redis_sentinel_password_file)
