"""What must be true before a worker joins its group, as far as it is about the process and Kafka.

A check answers with what is wrong, where, and what to do about it. `samehand worker` ends on it in one line
and `samehand doctor` prints it: both ask here.
"""

from __future__ import annotations

import errno
import socket
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from streams.errors import BrokerRefused, SettingsError
from streams.kafka.access_tokens import NoToken
from streams.kafka.probe import Answer, probe
from streams.kafka.topics import other_workers
from streams.settings import PREFIX, Settings
from streams.supervision.exit_codes import EXIT_ADDRESS, EXIT_BROKER, EXIT_REFUSED, EXIT_SETTINGS

BROKER_SECONDS: Final = 10.0
"""How long a worker that starts waits for the first broker to listen: they may have been started together."""

AGAIN_SECONDS: Final = 0.5

_LOGIN: Final = (
    f"set {PREFIX}KAFKA_SASL_MECHANISM, {PREFIX}KAFKA_USERNAME and {PREFIX}KAFKA_PASSWORD_FILE as the broker "
    "knows them"
)
_FILE: Final = f"check {PREFIX}KAFKA_PASSWORD_FILE and its owner; docs/brokers.md shows that of OAUTHBEARER"
_CURES: Final[dict[Answer, str]] = {
    "login": _LOGIN,
    "tls": f"set {PREFIX}KAFKA_TLS, {PREFIX}KAFKA_CA_FILE and {PREFIX}KAFKA_CERT_FILE as the listener asks",
    "hangs-up": f"set {PREFIX}KAFKA_TLS for a listener with TLS, {PREFIX}KAFKA_SASL_MECHANISM for a login",
    "silent": f"check that it is up, and no firewall between; set {PREFIX}KAFKA_TLS for a listener with TLS",
    "unknown-host": f"set {PREFIX}KAFKA_BROKERS to a host name that resolves on this machine",
    "nobody-listens": f"start the broker, or set {PREFIX}KAFKA_BROKERS",
}
_WORDS: Final[dict[Answer, str]] = {
    "login": "refuses the login",
    "tls": "fails the TLS handshake",
    "hangs-up": "closes the connection at the first request",
    "silent": "does not answer",
    "unknown-host": "has a host name that does not resolve",
    "nobody-listens": "does not listen",
}
_TELLING: Final[Sequence[Answer]] = tuple(_CURES)
"""The answer that says most about what to do comes first."""


@dataclass(frozen=True, slots=True)
class StartFault:
    """Why a worker cannot start: `what` is wrong and where, and what to do. Quotes no secret.

    `about` names the part that is wrong; `code` is the exit code of a worker that ends on it.
    """

    about: str
    what: str
    cure: str
    code: int


def start_fault(settings: Settings) -> StartFault | None:
    """The first reason why a process cannot start, a store aside. Waits a while for a broker to listen."""
    return (
        folder_fault(settings)
        or address_fault(settings.web_host, settings.web_port)
        or kafka_fault(settings, patience_seconds=BROKER_SECONDS)
    )


def address_fault(host: str, port: int, variables: str = "WEB") -> StartFault | None:
    """Why an address cannot be bound, None if it can. Binds it and releases it.

    ``variables`` begins the names of its settings: `WEB`, `GATE` or `DESK`.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, where in addresses:
            with socket.socket(family, kind, protocol) as taken:
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
                if family == socket.AF_INET6:
                    taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                taken.bind(where)
                taken.listen(1)
    except OSError as fault:
        return unusable_address(host, port, variables, fault)
    return None


def unusable_address(host: str, port: int, variables: str, fault: OSError) -> StartFault:
    """The fault of an address that cannot be bound; ``variables`` as for `address_fault`."""
    where, named = f"{host}:{port}", f"{PREFIX}{variables}"
    if fault.errno == errno.EADDRINUSE:
        what, cure = (
            f"{where} is taken by another process",
            f"set {named}_PORT to a free port, or end that process",
        )
    elif fault.errno in (errno.EACCES, errno.EPERM):
        what, cure = f"{where} may not be bound: permission denied", f"set {named}_PORT above 1023"
    else:
        what, cure = f"{where} is no address of this machine", f"set {named}_HOST to one that is"
    return StartFault("web address", what, cure, EXIT_ADDRESS)


def folder_fault(settings: Settings) -> StartFault | None:
    """Why the data folder takes no file, None if it does. Makes a file there and removes it."""
    folder = settings.data_dir
    if folder is None:
        return None
    try:
        with tempfile.TemporaryFile(dir=folder if folder.exists() else folder.parent):
            return None
    except OSError as fault:
        what = f"{folder} cannot be written ({fault.strerror or type(fault).__name__})"
    cure = f"make the folder, owned by the user that workers run as, or set {PREFIX}DATA_DIR to another"
    return StartFault(f"{PREFIX}DATA_DIR", what, cure, EXIT_SETTINGS)


def kafka_fault(settings: Settings, *, patience_seconds: float = 0.0) -> StartFault | None:
    """Why no broker takes us, None once one does.

    `patience_seconds`: how long to go on asking while none listens; a refused login is returned at once.
    """
    until = time.monotonic() + patience_seconds
    while True:
        try:
            brokers = probe(settings)
        except (SettingsError, NoToken) as fault:
            return StartFault("Kafka", str(fault), _FILE, EXIT_SETTINGS)
        except OSError as unreadable:
            what = f"a certificate or key cannot be used ({unreadable.strerror or type(unreadable).__name__})"
            return StartFault("Kafka", what, _CURES["tls"], EXIT_REFUSED)
        if any(broker.answer == "answers" for broker in brokers):
            return None
        worst = min(brokers, key=lambda broker: _TELLING.index(broker.answer))
        if worst.answer in ("login", "tls") or time.monotonic() >= until:
            detail = f" ({worst.detail})" if worst.detail else ""
            code = EXIT_REFUSED if worst.answer in ("login", "tls") else EXIT_BROKER
            return StartFault(
                "Kafka", f"{worst.address} {_WORDS[worst.answer]}{detail}", _CURES[worst.answer], code
            )
        time.sleep(AGAIN_SECONDS)


def canary_fault(settings: Settings) -> StartFault | None:
    """Why a worker in shadow must not join its topics, None if it may.

    A live one starts beside a canary, which must not be able to keep it out; `samehand doctor` warns of both.
    """
    others = other_workers(settings) if settings.shadow else []
    if not others:
        return None
    return StartFault("group", beside(others), BESIDE_CURE, EXIT_SETTINGS)


def beside(groups: Sequence[str]) -> str:
    """The fault of two installations on the same topics."""
    return f"workers of the group {', '.join(groups)} read the same topics, and both would write alerts.state"


BESIDE_CURE: Final = f"give a canary topics of its own ({PREFIX}TOPIC_PREFIX, docs/howto/rollout.md)"


def refused_by_kafka(refusal: BrokerRefused) -> StartFault:
    """The fault of a Kafka that let us in, and refuses something that a worker does."""
    cure = "give the user the rights that `samehand topics` writes"
    return StartFault("Kafka", str(refusal), cure, EXIT_REFUSED)
