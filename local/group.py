"""Several servers that make one service: they share a folder, start together and go together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

from local.server import LocalServer, Startable


class ServerGroup(Startable):
    """Each server can be killed, frozen and started by itself. ``folder`` holds a folder for each."""

    @property
    @abstractmethod
    def servers(self) -> Sequence[LocalServer]: ...

    @abstractmethod
    def start(self) -> Self:
        """Start the servers that are not running; return when together they serve clients.

        Raises :class:`~local.server.DidNotStart`.
        """

    @staticmethod
    def start_each(servers: Sequence[LocalServer]) -> None:
        """Start those that are not running, all at once; return when each answers."""
        for server in servers:
            server.launch()
        for server in servers:
            server.wait_until_ready()

    def stop(self) -> None:
        """End every server in order, the last started first; data stay."""
        for server in reversed(self.servers):
            server.stop()

    def kill(self) -> None:
        """End every server at once; what was on disk stays."""
        for server in self.servers:
            server.kill()

    def close(self) -> None:
        """Kill every server, for nobody waits for their last words, and remove a temporary folder."""
        self.kill()
        for server in self.servers:
            server.close()
        super().close()
