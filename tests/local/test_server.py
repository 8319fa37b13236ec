"""What all embedded servers share: readiness, restart, and nothing left behind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

import pytest

from local.ports import LOOPBACK
from local.server import DidNotStart, LocalServer

SERVE = (
    "import socket, sys, time\n"
    "server = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
    "open('ready', 'w').close()\n"
    "time.sleep(60)\n"
)


class Script(LocalServer):
    """A server that is a line of Python."""

    name: ClassVar[str] = "script"
    start_seconds_max: ClassVar[float] = 3.0

    def __init__(self, code: str = SERVE, folder: Path | None = None, port: int | None = None) -> None:
        super().__init__(folder, port)
        self._code = f"import os; os.chdir({str(self.folder)!r})\n{code}"

    def command(self) -> list[str]:
        return [sys.executable, "-c", self._code, str(self.port)]

    def answers(self) -> bool:
        return (self.folder / "ready").exists()


def test_it_is_ready_when_entered_and_gone_when_left() -> None:
    with Script() as server:
        assert server.answers()
        assert server.address == f"{LOOPBACK}:{server.port}"
        folder = server.folder
    assert server.pid is None
    assert not folder.exists()


def test_given_folder_and_port_are_used_and_kept(tmp_path: Path) -> None:
    with Script(folder=tmp_path / "data") as first:
        port = first.port
    with Script(folder=tmp_path / "data", port=port) as second:
        assert second.port == port
    assert second.log.parent.exists()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_it_starts_again_on_the_same_port(end: str) -> None:
    with Script() as server:
        first = server.pid
        getattr(server, end)()
        assert server.pid is None
        (server.folder / "ready").unlink()
        server.start()
        assert server.pid not in (None, first)


def test_server_that_ends_says_why() -> None:
    with (
        pytest.raises(DidNotStart, match=r"ended with 3; .*\n.*no disk"),
        Script("print('no disk'); exit(3)"),
    ):
        pass


def test_server_that_stays_silent_is_killed() -> None:
    server = Script("import time; time.sleep(60)")
    server.start_seconds_max = 0.3  # type: ignore[misc]  # shorter for this one server
    with pytest.raises(DidNotStart, match="did not answer"), server:
        pass
    assert server.pid is None
    assert not server.folder.exists()


def test_what_was_never_started_cannot_be_frozen() -> None:
    server = Script()
    try:
        with pytest.raises(RuntimeError, match="never started"):
            server.freeze()
    finally:
        server.close()
