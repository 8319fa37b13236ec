"""Finds out why a broker refuses a connection, address by address.

kafka-python keeps the reason to itself: whatever happens while it connects ends in a time-out after ten
seconds. aiokafka, which the worker runs on, raises it within one.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import warnings
from dataclasses import dataclass
from typing import Any, Final, Literal

from aiokafka import errors  # type: ignore[import-untyped]  # aiokafka ships no types
from aiokafka.conn import create_conn  # type: ignore[import-untyped]  # the same
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]  # the same

from streams.kafka.access_tokens import tokens_of
from streams.kafka.client import login_options
from streams.settings import Settings

ANSWER_SECONDS: Final = 3.0
"""A broker across an ocean needs a tenth of it, TLS and SCRAM included."""

Answer = Literal["answers", "unknown-host", "nobody-listens", "silent", "hangs-up", "tls", "login"]

_LOGIN: Final = (
    errors.AuthenticationFailedError,
    errors.SaslAuthenticationFailed,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
)


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of asking one broker. `detail` quotes no secret."""

    address: str
    answer: Answer
    detail: str = ""


def probe(settings: Settings) -> list[Probe]:
    """Each bootstrap address, asked with the login that the settings name. Blocks; opens a loop of its own.

    Raises `SettingsError` for a password file, `NoToken` for a token endpoint, `OSError` for a
    certificate that cannot be read.
    """
    return asyncio.run(_probe_all(settings))


async def _probe_all(settings: Settings) -> list[Probe]:
    if (tokens := tokens_of(settings)) is not None:
        await tokens.token()  # its fault is not of an address, and takes longer than an address may
    options = login_options(settings) | {"request_timeout_ms": int(ANSWER_SECONDS * 1000)}
    return list(await asyncio.gather(*(_probe(address, options) for address in settings.kafka_brokers)))


async def _probe(address: str, options: dict[str, Any]) -> Probe:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            # Logs in, and asks for nothing: a listener that wants a login hangs up only on the first
            # question.
            host, _, port = address.rpartition(":")
            with warnings.catch_warnings(action="ignore"):
                connection = await create_conn(host.strip("[]"), int(port), **options)
            try:
                await connection.send(MetadataRequest([]))
            finally:
                connection.close()
    except Exception as fault:
        return Probe(address, *_meaning(fault))
    return Probe(address, "answers")


def _meaning(fault: BaseException) -> tuple[Answer, str]:
    """Classifies a failed probe by its fault or the causes of it, without messages, which may quote a name.

    Whatever the fault, the address did not take us; an unknown one counts as a hang-up.
    """
    cause: BaseException | None = fault
    while cause is not None:
        match cause:
            case ssl.SSLError():
                return "tls", (cause.reason or type(cause).__name__).replace("_", " ").lower()
            case socket.gaierror():
                return "unknown-host", ""
            case ConnectionRefusedError():
                return "nobody-listens", ""
            case TimeoutError():
                return "silent", ""
            case _ if isinstance(cause, _LOGIN):
                return "login", type(cause).__name__
        cause = cause.__cause__ or cause.__context__
    return "hangs-up", type(fault).__name__
