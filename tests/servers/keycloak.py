"""Keycloak itself, in development mode on loopback: the provider that sign-ins are tried with.

Its distribution (``org.keycloak:keycloak-quarkus-dist`` of Maven Central, 176 MB, unpacked) lies where
``SAMEHAND_KEYCLOAK_HOME`` says; nothing here brings it. What it keeps is in memory and gone with it.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import ClassVar, Final

from local.binaries import NotAvailable
from local.server import LocalServer

HOME: Final = "SAMEHAND_KEYCLOAK_HOME"
ADMIN: Final = "admin"
"""The name of who may make realms, and the password: it listens on this machine alone, for a test."""


def keycloak_home() -> Path:
    """Where it lies. Raises `NotAvailable`."""
    home = Path(os.environ.get(HOME, ""))
    if not os.environ.get(HOME) or not (home / "bin" / "kc.sh").exists():
        raise NotAvailable(
            f"Keycloak is not there: unpack org.keycloak:keycloak-quarkus-dist, and set {HOME}."
        )
    return home


class EmbeddedKeycloak(LocalServer):
    """A server without realms of ours; :attr:`url` is its root."""

    name: ClassVar[str] = "keycloak"
    start_seconds_max: ClassVar[float] = 400.0  # its first start builds itself: minutes on a busy machine

    def command(self) -> list[str]:
        """Starts it over a database in memory."""
        return [
            "env",
            f"KC_BOOTSTRAP_ADMIN_USERNAME={ADMIN}",
            f"KC_BOOTSTRAP_ADMIN_PASSWORD={ADMIN}",
            "JAVA_OPTS_APPEND=-Xmx512m -XX:TieredStopAtLevel=1",
            str(keycloak_home() / "bin" / "kc.sh"),
            "start-dev",
            "--db=dev-mem",
            "--http-host=127.0.0.1",
            f"--http-port={self.port}",
        ]

    @property
    def url(self) -> str:
        """Its root."""
        return f"http://{self.address}"

    def answers(self) -> bool:
        """Whether it tells of its first realm."""
        try:
            with urllib.request.urlopen(f"{self.url}/realms/master", timeout=1.0) as answer:  # http, ours
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
