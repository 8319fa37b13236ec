"""Settings of watching: what a process shows of itself, and when it is taken for stuck."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, field_validator

from streams.settings.fields import WEB_ADDRESS, Port

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
