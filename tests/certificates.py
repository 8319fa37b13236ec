"""Certificates that live as long as a test: an authority, a server on loopback, and a client."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

DAYS = "2"


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files in one folder."""

    folder: Path

    @property
    def authority(self) -> Path:
        """Whom to trust."""
        return self.folder / "ca.crt"

    def of(self, name: str) -> Path:
        """The certificate of `server` or `client`."""
        return self.folder / f"{name}.crt"

    def key_of(self, name: str) -> Path:
        """Its key, in PKCS #8."""
        return self.folder / f"{name}.key"

    def both_of(self, name: str) -> Path:
        """Key and certificate in one file, as Kafka wants it."""
        path = self.folder / f"{name}.pem"
        path.write_text(self.key_of(name).read_text() + self.of(name).read_text())
        path.chmod(0o600)
        return path


def make_certificates(folder: Path) -> Certificates:
    """Makes them with `openssl`."""
    made = Certificates(folder)
    _openssl(
        *("req", "-x509", "-subj", "/CN=authority of a test", "-days", DAYS, *_fresh_key(made, "ca")),
        *("-out", str(made.authority), "-addext", "basicConstraints=critical,CA:TRUE"),
    )
    for name in ("server", "client"):
        _openssl(
            *("req", "-x509", "-subj", f"/CN={name}", "-days", DAYS, *_fresh_key(made, name)),
            *("-CA", str(made.authority), "-CAkey", str(made.key_of("ca"))),
            *("-out", str(made.of(name)), "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
        )
    return made


def _fresh_key(made: Certificates, name: str) -> tuple[str, ...]:
    return ("-newkey", "rsa:2048", "-nodes", "-keyout", str(made.key_of(name)))


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60)
