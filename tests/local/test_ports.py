"""Ports that stay ours."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from local import ports
from local.ports import LOOPBACK, NoFreePort, take_port

OTHER_PROCESS = "from local.ports import _lock; import sys; print(_lock(int(sys.argv[1])) is not None)"


def others_can_take(number: int) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, str(number)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip() == "True"


def test_port_is_free_and_below_the_ephemeral_range() -> None:
    port = take_port()
    try:
        first_ephemeral = int(ports.EPHEMERAL_RANGE.read_text().split()[0])
        assert ports.FIRST_PORT <= port.number < first_ephemeral
        with socket.socket() as server:
            server.bind((LOOPBACK, port.number))
    finally:
        port.release()


def test_another_process_cannot_take_it_until_released() -> None:
    port = take_port()
    assert not others_can_take(port.number)
    port.release()
    assert others_can_take(port.number)


def test_taken_ports_differ() -> None:
    taken = [take_port() for _ in range(50)]
    assert len({port.number for port in taken}) == 50
    for port in taken:
        port.release()


def test_port_that_somebody_listens_on_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        busy = server.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST_PORT", busy)
        monkeypatch.setattr(ports, "_last_port", lambda: busy)
        with pytest.raises(NoFreePort, match=str(busy)):
            take_port()
